// The sections that say what may be done about what is found, and who is told.

import Foundation
import Notifications
import Remediation
import StrictYAML

extension ConfigurationReader {
  func readPlaybooks(_ value: YAMLValue?) -> [Playbook] {
    var playbooks: [Playbook] = []
    var names: [(String, YAMLValue)] = []
    for item in value?.list() ?? [] {
      let known = ["name", "action", "mode", "verify_after", "give_up_after", "time_to_live", "cool_down"]
      guard let mapping = item.mapping(known) else { continue }
      let name = mapping.required("name", "a word that monitors refer to")?.string()
      let action = mapping.required("action", "prompt_rollback or model_fallback")?.choice(Playbook.Action.self)
      let mode = mapping.required("mode", "suggest, approve or auto")?.choice(Playbook.Mode.self)
      guard let name, let action, let mode else { continue }
      names.append((name, item))
      var playbook = Playbook(name: name, action: action, mode: mode)
      if let duration = mapping["verify_after"]?.duration() { playbook.verifyAfter = duration }
      if let duration = mapping["give_up_after"]?.duration() { playbook.giveUpAfter = duration }
      if let duration = mapping["time_to_live"]?.duration() { playbook.timeToLive = duration }
      if let duration = mapping["cool_down"]?.duration() { playbook.coolDown = duration }
      if playbook.giveUpAfter <= playbook.verifyAfter {
        item.problem(
          "playbook \"\(name)\" gives up after \(playbook.giveUpAfter) but verifies only after \(playbook.verifyAfter); give it longer"
        )
      }
      playbooks.append(playbook)
    }
    checkUnique(names, "playbook")
    return playbooks
  }

  func readWebhooks(_ value: YAMLValue?) -> [WebhookSettings] {
    guard let notifications = value?.mapping(["webhooks"]) else { return [] }
    var webhooks: [WebhookSettings] = []
    var names: [(String, YAMLValue)] = []
    for item in notifications["webhooks"]?.list() ?? [] {
      guard let webhook = item.mapping(["name", "url", "secret"]) else { continue }
      let name = webhook.required("name", "a word that the delivery log shows")?.string()
      let url = webhook.required("url", "an http:// or https:// address")
      let secret = webhook.required("secret", "{environment: NAME} with the whsec_… signing secret")
      let text = secret?.secret(environment: environment)?.value
      guard let name, let url, let address = url.string(), let secret, let text else { continue }
      names.append((name, item))
      if BaseURL(address) == nil {
        url.problem("`\(url.path)` must be http:// or https://, a host, and optionally a port and a path")
      }
      do throws(WebhookSecret.Malformed) {
        webhooks.append(WebhookSettings(name: name, url: address, secret: try WebhookSecret(text)))
      } catch {
        secret.problem("webhook \"\(name)\": \(error)")
      }
    }
    checkUnique(names, "webhook")
    return webhooks
  }
}
