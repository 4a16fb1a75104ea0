// Numbers that decide on which side of a canary a request is: the same session always on the same one.

package enum PromptTicket {
  /// FNV-1a of an id's bytes: cheap, the same on every machine and after every restart, which Swift's own hashes are not.
  package static func of(_ bytes: some Sequence<UInt8>) -> UInt64 { fold(bytes, into: 0xcbf2_9ce4_8422_2325) }

  /// 0 to 999, each with the same chance. Prompt and version take part, so that it is not the same sessions that try
  /// every canary; and because a share is a threshold, a session stays in a canary whose share grows.
  static func perMille(_ ticket: UInt64, prompt: String, version: String) -> Int {
    // The zero byte keeps "a", "bc" and "ab", "c" apart.
    let salt = fold(version.utf8, into: fold(CollectionOfOne(0), into: of(prompt.utf8)))
    let mixed = mix(ticket ^ salt)
    // The upper half of the product: unlike a remainder it uses all bits and favours no value by more than 2^-54.
    return Int(mixed.multipliedFullWidth(by: UInt64(ManagedPrompt.Canary.wholePerMille)).high)
  }

  private static func fold(_ bytes: some Sequence<UInt8>, into start: UInt64) -> UInt64 {
    bytes.reduce(start) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
  }

  /// The finalizer of SplitMix64 (S. Vigna's constants): each input bit reaches every output bit.
  private static func mix(_ value: UInt64) -> UInt64 {
    var mixed = value &+ 0x9e37_79b9_7f4a_7c15
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}

/// The order in which people read versions: numbers by value, before everything else.
package enum PromptVersionOrder {
  package static func precedes(_ left: String, _ right: String) -> Bool {
    switch (Int(left), Int(right)) {
    case (let left?, let right?) where left != right: left < right
    case (_?, nil): true
    case (nil, _?): false
    default: left < right
    }
  }
}
