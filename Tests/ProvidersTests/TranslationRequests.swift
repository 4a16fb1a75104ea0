// Chat requests and what they must become: the golden table of request translation.

import Testing

/// One request with the bodies it becomes; `nil` where another test says why it is refused.
struct TranslationExample: Sendable, CustomTestStringConvertible {
  var name: String
  var request: String
  var google: String?
  var anthropic: String?
  var googleModel = "gemini-2.5-flash"
  var anthropicModel = "claude-sonnet-4-5"

  var testDescription: String { name }

  static let all: [TranslationExample] = [
    TranslationExample(
      name: "text, settings and a stop string",
      request: #"""
        {"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}],"temperature":0.30,"max_tokens":50,"stop":"END",
         "seed":7,"top_p":null,"stream":true,"stream_options":{"include_usage":true},"user":"u","store":false}
        """#,
      google: #"""
        {"contents":[{"role":"user","parts":[{"text":"Hello"}]}],
         "generationConfig":{"temperature":0.30,"stopSequences":["END"],"maxOutputTokens":50,"seed":7}}
        """#,
      anthropic: #"""
        {"model":"claude-sonnet-4-5","max_tokens":50,"messages":[{"role":"user","content":[{"type":"text","text":"Hello"}]}],
         "stop_sequences":["END"],"temperature":0.30}
        """#),
    TranslationExample(
      name: "several turns: system and developer collected, neighbours merged, empty turns gone",
      request: #"""
        {"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"One \"é\" \ud83d\ude00"},
         {"role":"user","name":"ann","content":[{"type":"text","text":"Two"},{"type":"text","text":""}]},
         {"role":"assistant","content":"Three"},{"role":"assistant","content":""},
         {"role":"developer","content":[{"type":"text","text":"In"},{"type":"text","text":"French."}]},
         {"role":"user","content":"Four"}],"max_tokens":9,"max_completion_tokens":8,"stop":["a","b"],"n":1}
        """#,
      google: #"""
        {"contents":[{"role":"user","parts":[{"text":"One \"é\" 😀"},{"text":"Two"}]},{"role":"model","parts":[{"text":"Three"}]},
         {"role":"user","parts":[{"text":"Four"}]}],
         "systemInstruction":{"parts":[{"text":"Be brief."},{"text":"In\nFrench."}]},
         "generationConfig":{"stopSequences":["a","b"],"maxOutputTokens":8}}
        """#,
      anthropic: #"""
        {"model":"claude-sonnet-4-5","max_tokens":8,
         "system":[{"type":"text","text":"Be brief."},{"type":"text","text":"In\nFrench."}],
         "messages":[{"role":"user","content":[{"type":"text","text":"One \"é\" 😀"},{"type":"text","text":"Two"}]},
          {"role":"assistant","content":[{"type":"text","text":"Three"}]},{"role":"user","content":[{"type":"text","text":"Four"}]}],
         "stop_sequences":["a","b"]}
        """#),
    TranslationExample(
      name: "tools, parallel calls whose results come in another order, and a follow-up",
      request: #"""
        {"messages":[{"role":"user","content":"Weather?"},
         {"role":"assistant","content":null,"tool_calls":[
          {"id":"call_1","type":"function","function":{"name":"weather","arguments":"{\"city\": \"Paris\"}"}},
          {"id":"call.2","type":"function","function":{"name":"weather","arguments":""}}]},
         {"role":"tool","tool_call_id":"call.2","content":"cold"},
         {"role":"tool","tool_call_id":"call_1","content":[{"type":"text","text":"{\"degrees\":21.50}"}]},
         {"role":"user","content":"And?"}],
         "tools":[{"type":"function","function":{"name":"weather","description":"Now","strict":true,"parameters":
          {"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{"city":{"type":["string","null"]},
           "strict":{"$ref":"#/$defs/flag","description":"d"}},"$defs":{"flag":{"type":"boolean","default":{"strict":1}}},
           "required":["city"],"additionalProperties":false}}},
          {"type":"function","function":{"name":"now","parameters":{"type":"object","properties":{}}}},
          {"type":"function","function":{"name":"any"}}],
         "tool_choice":{"type":"function","function":{"name":"weather"}}}
        """#,
      google: #"""
        {"contents":[{"role":"user","parts":[{"text":"Weather?"}]},
         {"role":"model","parts":[{"functionCall":{"name":"weather","args":{"city":"Paris"}}},{"functionCall":{"name":"weather","args":{}}}]},
         {"role":"user","parts":[{"functionResponse":{"name":"weather","response":{"degrees":21.50}}},
          {"functionResponse":{"name":"weather","response":{"output":"cold"}}}]},
         {"role":"user","parts":[{"text":"And?"}]}],
         "tools":[{"functionDeclarations":[{"name":"weather","description":"Now","parametersJsonSchema":
          {"type":"object","properties":{"city":{"type":["string","null"]},"strict":{"$ref":"#/$defs/flag"}},
           "$defs":{"flag":{"type":"boolean","default":{"strict":1}}},"required":["city"],"additionalProperties":false}},
          {"name":"now"},{"name":"any"}]}],
         "toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["weather"]}}}
        """#,
      anthropic: #"""
        {"model":"claude-sonnet-4-5","max_tokens":4096,"messages":[{"role":"user","content":[{"type":"text","text":"Weather?"}]},
         {"role":"assistant","content":[{"type":"tool_use","id":"call_1","name":"weather","input":{"city":"Paris"}},
          {"type":"tool_use","id":"call_call_2e2","name":"weather","input":{}}]},
         {"role":"user","content":[
          {"type":"tool_result","tool_use_id":"call_call_2e2","content":[{"type":"text","text":"cold"}]},
          {"type":"tool_result","tool_use_id":"call_1","content":[{"type":"text","text":"{\"degrees\":21.50}"}]},
          {"type":"text","text":"And?"}]}],
         "tools":[{"name":"weather","description":"Now","input_schema":
          {"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{"city":{"type":["string","null"]},
           "strict":{"$ref":"#/$defs/flag","description":"d"}},"$defs":{"flag":{"type":"boolean","default":{"strict":1}}},
           "required":["city"],"additionalProperties":false}},
          {"name":"now","input_schema":{"type":"object","properties":{}}},
          {"name":"any","input_schema":{"type":"object","properties":{}}}],
         "tool_choice":{"type":"tool","name":"weather"}}
        """#),
    TranslationExample(
      name: "one call at a time",
      request: #"""
        {"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"f","parameters":{}}}],
         "parallel_tool_calls":false}
        """#,
      anthropic: #"""
        {"model":"claude-sonnet-4-5","max_tokens":4096,"messages":[{"role":"user","content":[{"type":"text","text":"x"}]}],
         "tools":[{"name":"f","input_schema":{"type":"object"}}],
         "tool_choice":{"type":"auto","disable_parallel_tool_use":true}}
        """#),
    TranslationExample(
      name: "pictures and a file",
      request: #"""
        {"messages":[{"role":"user","content":[{"type":"text","text":"Look"},
         {"type":"image_url","image_url":{"url":"data:image/jpg;base64,AA/+","detail":"low"}},
         {"type":"image_url","image_url":{"url":"https://example.org/a.PNG?size=2"}},
         {"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBE"}}]}]}
        """#,
      google: #"""
        {"contents":[{"role":"user","parts":[{"text":"Look"},{"inlineData":{"mimeType":"image/jpeg","data":"AA/+"}},
         {"fileData":{"mimeType":"image/png","fileUri":"https://example.org/a.PNG?size=2"}},
         {"inlineData":{"mimeType":"application/pdf","data":"JVBE"}}]}]}
        """#,
      anthropic: #"""
        {"model":"claude-sonnet-4-5","max_tokens":4096,"messages":[{"role":"user","content":[{"type":"text","text":"Look"},
         {"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"AA/+"}},
         {"type":"image","source":{"type":"url","url":"https://example.org/a.PNG?size=2"}},
         {"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBE"},"title":"a.pdf"}]}]}
        """#),
    TranslationExample(
      name: "sound, several answers, penalties, JSON and effort: Google has them all",
      request: #"""
        {"messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"UklG","format":"wav"}}]}],
         "n":2,"presence_penalty":0.5,"frequency_penalty":-1,"top_p":0.9,"top_k":40,"reasoning_effort":"medium","seed":3000000000,
         "logprobs":false,"modalities":["text"],"logit_bias":{},
         "response_format":{"type":"json_schema","json_schema":{"name":"p","strict":true,"schema":
          {"type":"object","properties":{"a":{"anyOf":[{"type":"integer"},{"$ref":"#/$defs/b","title":"B"}]}},
           "additionalProperties":false}}}}
        """#,
      google: #"""
        {"contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"audio/wav","data":"UklG"}}]}],
         "generationConfig":{"topP":0.9,"topK":40,"candidateCount":2,"presencePenalty":0.5,"frequencyPenalty":-1,
          "responseMimeType":"application/json","responseJsonSchema":
          {"type":"object","properties":{"a":{"anyOf":[{"type":"integer"},{"$ref":"#/$defs/b"}]}},"additionalProperties":false},
          "thinkingConfig":{"thinkingBudget":8192}}}
        """#),
    TranslationExample(
      name: "signatures that Gemini 3 wants back, and their stand-in for a turn another vendor led",
      request: #"""
        {"messages":[{"role":"user","content":"a"},
         {"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"},
          "extra_content":{"google":{"thought_signature":"c2ln"}}},{"id":"2","type":"function","function":{"name":"g","arguments":"{}"}}]},
         {"role":"tool","tool_call_id":"1","content":""},{"role":"tool","tool_call_id":"2","content":"{\"id\":12345678901234567890}"},
         {"role":"assistant","content":"t","tool_calls":[{"id":"3","type":"function","function":{"name":"f","arguments":"{}"}}]},
         {"role":"tool","tool_call_id":"3","content":"[1]"}],"tool_choice":"none","response_format":{"type":"json_object"},
         "tools":[{"type":"function","function":{"name":"f"}}]}
        """#,
      google: #"""
        {"contents":[{"role":"user","parts":[{"text":"a"}]},
         {"role":"model","parts":[{"functionCall":{"name":"f","args":{}},"thoughtSignature":"c2ln"},{"functionCall":{"name":"g","args":{}}}]},
         {"role":"user","parts":[{"functionResponse":{"name":"f","response":{"output":""}}},
          {"functionResponse":{"name":"g","response":{"output":"{\"id\":12345678901234567890}"}}}]},
         {"role":"model","parts":[{"text":"t"},
          {"functionCall":{"name":"f","args":{}},"thoughtSignature":"skip_thought_signature_validator"}]},
         {"role":"user","parts":[{"functionResponse":{"name":"f","response":{"output":"[1]"}}}]}],
         "tools":[{"functionDeclarations":[{"name":"f"}]}],"toolConfig":{"functionCallingConfig":{"mode":"NONE"}},
         "generationConfig":{"responseMimeType":"application/json"}}
        """#, googleModel: "gemini-3-pro-preview"),
  ]
}
