// What each vendor is sent, byte for byte: a change here is a change for everybody who receives it.

import LLMTelemetry
import Notifications
import Remediation
import Testing

@Suite struct GoldenPayloadTests {
  static func text(_ payload: PayloadJSON) throws -> String { String(decoding: try payload.bytes(), as: UTF8.self) }

  static func opened() throws -> Notification { try #require(Scene.notification("INC-1/opened", Scene.waiting)) }

  static func pager(_ key: String, _ entries: [LedgerEntry] = Scene.mended) throws -> String {
    try text(
      PagerDutyPayload.event(
        try #require(Scene.notification(key, entries)), routingKey: PagerDutyTests.routingKey, source: "llm-gateway",
        consoleURL: Scene.console))
  }

  @Test func pagerDuty() throws {
    #expect(
      try Self.pager("INC-1/opened", Scene.waiting) == """
        {"client":"LLM Incident Commander","client_url":"http://127.0.0.1:8090/incidents/INC-1","dedup_key":"INC-1",\
        "event_action":"trigger","links":[{"href":"http://127.0.0.1:8090/incidents/INC-1","text":"Incident"}],\
        "payload":{"class":"grounded-1","custom_details":{"cause":"Prompt rag-answer version 43 (evidence score 97 %)",\
        "change before it":"Prompt version of rag-answer: 42 → 43 by lee",\
        "evidence":["99.7 % of the deviation lies in prompt rag-answer version 43"],\
        "happened":"Opened at 00:00:00 UTC, began 23:59:20",\
        "impact":"215 requests (74.1 % of all), 3 errors, tenants acme-eu, globex and 2 more, extra cost $1.25",\
        "state":"triggered"},"group":"chat","severity":"error","source":"llm-gateway",\
        "summary":"SEV-2 INC-1: Answers of rag-answer became poorly grounded","timestamp":"2026-11-01T00:00:00Z"},\
        "routing_key":"0123456789abcdef0123456789abcdef"}
        """)
    #expect(
      try Self.pager("INC-1/acknowledged")
        == #"{"dedup_key":"INC-1","event_action":"acknowledge","routing_key":"0123456789abcdef0123456789abcdef"}"#)
    #expect(
      try Self.pager("INC-1/closed")
        == #"{"dedup_key":"INC-1","event_action":"resolve","routing_key":"0123456789abcdef0123456789abcdef"}"#)
    let change = ChangeEvent(at: Scene.at, kind: .promptVersion, subject: "rag-answer", from: "42", to: "43", author: "lee")
    #expect(
      try Self.pager("change/prompt_version/rag-answer/1793491200", [.change(change)]) == """
        {"links":[{"href":"http://127.0.0.1:8090","text":"Console"}],"payload":{"custom_details":{"at":"2026-11-01T00:00:00Z",\
        "happened":"Changed: Prompt version of rag-answer: 42 → 43 by lee","kind":"prompt_version"},"source":"llm-gateway",\
        "summary":"Prompt version of rag-answer: 42 → 43 by lee","timestamp":"2026-11-01T00:00:00Z"},\
        "routing_key":"0123456789abcdef0123456789abcdef"}
        """)
  }

  @Test func datadogIncident() throws {
    let notification = try Self.opened()
    let incident = try #require(notification.incident)
    #expect(
      try Self.text(DatadogIncidentPayload.create(notification, incident, consoleURL: Scene.console)) == """
        {"data":{"attributes":{"customer_impact_scope":"215 requests (74.1 % of all), 3 errors, tenants acme-eu, globex and 2 more, \
        extra cost $1.25","customer_impacted":true,"fields":{"severity":{"type":"dropdown","value":"SEV-2"},\
        "state":{"type":"dropdown","value":"active"}},"initial_cells":[{"cell_type":"markdown",\
        "content":{"content":"Opened at 00:00:00 UTC, began 23:59:20\\n\\n**State**: triggered\\n\\n\
        **Cause**: Prompt rag-answer version 43 (evidence score 97 %)\\n\\n\
        **Change before it**: Prompt version of rag-answer: 42 → 43 by lee\\n\\n\
        **Impact**: 215 requests (74.1 % of all), 3 errors, tenants acme-eu, globex and 2 more, extra cost $1.25\\n\\n\
        99.7 % of the deviation lies in prompt rag-answer version 43\\n\\nhttp://127.0.0.1:8090/incidents/INC-1"}}],\
        "title":"INC-1: Answers of rag-answer became poorly grounded"},"type":"incidents"}}
        """)
    #expect(
      try Self.text(DatadogIncidentPayload.update("e7a5", incident, state: nil)) == """
        {"data":{"attributes":{"fields":{"severity":{"type":"dropdown","value":"SEV-2"},\
        "state":{"type":"dropdown","value":"active"}}},"id":"e7a5","type":"incidents"}}
        """)
  }

  @Test func datadogEvent() throws {
    #expect(
      try Self.text(DatadogEventPayload.event(try Self.opened(), service: "shop", env: "prod", consoleURL: Scene.console)) == """
        {"data":{"attributes":{"aggregation_key":"INC-1","attributes":{"custom":{"event":"opened","incident":"INC-1"},\
        "priority":"2","status":"error"},"category":"alert","integration_id":"custom-events",\
        "message":"Opened at 00:00:00 UTC, began 23:59:20\\nState: triggered\\n\
        Cause: Prompt rag-answer version 43 (evidence score 97 %)\\nChange before it: Prompt version of rag-answer: 42 → 43 by lee\\n\
        Impact: 215 requests (74.1 % of all), 3 errors, tenants acme-eu, globex and 2 more, extra cost $1.25\\n\
        99.7 % of the deviation lies in prompt rag-answer version 43\\nhttp://127.0.0.1:8090/incidents/INC-1",\
        "tags":["service:shop","env:prod","event:opened","incident:inc-1","severity:sev-2","prompt:rag-answer","prompt_version:43",\
        "route:chat"],"timestamp":"2026-11-01T00:00:00Z",\
        "title":"Opened: SEV-2 INC-1: Answers of rag-answer became poorly grounded"},"type":"event"}}
        """)
  }

  @Test func slack() throws {
    #expect(
      try Self.text(.object(SlackTests.blocks.message(try Self.opened()))) == """
        {"blocks":[{"text":{"emoji":false,"text":"SEV-2 INC-1: Answers of rag-answer became poorly grounded","type":"plain_text"},\
        "type":"header"},{"text":{"text":":large_orange_circle: *Opened at 00:00:00 UTC, began 23:59:20*","type":"mrkdwn",\
        "verbatim":true},"type":"section"},{"fields":[{"text":"*State*\\ntriggered","type":"mrkdwn","verbatim":true},\
        {"text":"*Cause*\\nPrompt rag-answer version 43 (evidence score 97 %)","type":"mrkdwn","verbatim":true},\
        {"text":"*Change before it*\\nPrompt version of rag-answer: 42 → 43 by lee","type":"mrkdwn","verbatim":true},\
        {"text":"*Impact*\\n215 requests (74.1 % of all), 3 errors, tenants acme-eu, globex and 2 more, extra cost $1.25",\
        "type":"mrkdwn","verbatim":true}],"type":"section"},\
        {"text":{"text":"• 99.7 % of the deviation lies in prompt rag-answer version 43","type":"mrkdwn","verbatim":true},\
        "type":"section"},{"elements":[{"action_id":"commander_acknowledge:INC-1","style":"primary",\
        "text":{"emoji":false,"text":"Acknowledge","type":"plain_text"},"type":"button","value":"INC-1"},\
        {"action_id":"commander_approve:REM-1","confirm":{"confirm":{"emoji":false,"text":"Apply","type":"plain_text"},\
        "deny":{"emoji":false,"text":"Not now","type":"plain_text"},\
        "text":{"emoji":false,"text":"Roll back prompt rag-answer from version 43 to 42","type":"plain_text"},\
        "title":{"emoji":false,"text":"Apply REM-1?","type":"plain_text"}},"style":"primary",\
        "text":{"emoji":false,"text":"Approve REM-1","type":"plain_text"},"type":"button","value":"REM-1"},\
        {"action_id":"commander_reject:REM-1","style":"danger","text":{"emoji":false,"text":"Reject REM-1","type":"plain_text"},\
        "type":"button","value":"REM-1"},{"action_id":"commander_open","text":{"emoji":false,"text":"Open in the console",\
        "type":"plain_text"},"type":"button","url":"http://127.0.0.1:8090/incidents/INC-1"}],"type":"actions"}],\
        "text":"SEV-2 INC-1: Answers of rag-answer became poorly grounded. Opened at 00:00:00 UTC, began 23:59:20"}
        """)
  }

  @Test func mail() throws {
    let message = try EmailMessageTests.message(NotificationMessage([try Self.opened()]))
    #expect(
      String(decoding: message.bytes, as: UTF8.self).replacing("\r\n", with: "\n") == """
        From: LLM Incident Commander <incidents@example.com>
        To: dana@example.com,
         lee@example.org
        Subject: Opened: SEV-2 INC-1: Answers of rag-answer became poorly grounded
        Date: Sun, 01 Nov 2026 00:13:20 +0000
        Message-ID: <inc-1-opened-1793491200@example.com>
        MIME-Version: 1.0
        Auto-Submitted: auto-generated
        X-Auto-Response-Suppress: All
        References: <inc-1.incident@example.com>
        Content-Type: multipart/alternative; boundary="=_inc-1-opened-1793491200"

        --=_inc-1-opened-1793491200
        Content-Type: text/plain; charset=utf-8
        Content-Transfer-Encoding: quoted-printable

        SEV-2 INC-1: Answers of rag-answer became poorly grounded
        Opened at 00:00:00 UTC, began 23:59:20

        State: triggered
        Cause: Prompt rag-answer version 43 (evidence score 97 %)
        Change before it: Prompt version of rag-answer: 42 =E2=86=92 43 by lee
        Impact: 215 requests (74.1 % of all), 3 errors, tenants acme-eu, globex and=
         2 more, extra cost $1.25

        - 99.7 % of the deviation lies in prompt rag-answer version 43

        http://127.0.0.1:8090/incidents/INC-1
        --=_inc-1-opened-1793491200
        Content-Type: text/html; charset=utf-8
        Content-Transfer-Encoding: quoted-printable

        <!DOCTYPE html>
        <html><body>
        <h2>SEV-2 INC-1: Answers of rag-answer became poorly grounded</h2>
        <p><strong>Opened at 00:00:00 UTC, began 23:59:20</strong></p>
        <table cellpadding=3D"4">
        <tr><th align=3D"left">State</th><td>triggered</td></tr>
        <tr><th align=3D"left">Cause</th><td>Prompt rag-answer version 43 (evidence=
         score 97 %)</td></tr>
        <tr><th align=3D"left">Change before it</th><td>Prompt version of rag-answe=
        r: 42 =E2=86=92 43 by lee</td></tr>
        <tr><th align=3D"left">Impact</th><td>215 requests (74.1 % of all), 3 error=
        s, tenants acme-eu, globex and 2 more, extra cost $1.25</td></tr>
        </table>
        <ul>
        <li>99.7 % of the deviation lies in prompt rag-answer version 43</li>
        </ul>
        <p><a href=3D"http://127.0.0.1:8090/incidents/INC-1">Open in the console</a=
        ></p>
        </body></html>
        --=_inc-1-opened-1793491200--

        """)
  }
}
