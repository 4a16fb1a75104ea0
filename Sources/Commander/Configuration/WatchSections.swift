// The section that says what may be done about what is found.

import Foundation
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
}
