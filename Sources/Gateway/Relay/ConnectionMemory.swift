// What the requests of one client connection repeat: their target and their key, known again by comparing bytes.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif
import Providers

/// The target and the key of the request before. One that comes again is neither made a text nor hashed nor looked up.
struct ConnectionMemory {
  private var targetBytes: [UInt8] = []
  private var target: Shared<RequestTarget>?
  private var credential: [UInt8] = []
  private var credentialField = HeaderBlock.CredentialField.authorization
  private var key: Shared<VirtualKey>?
  /// Keys are those of one snapshot.
  private var snapshotNumber = 0

  /// What the request line means; `nil` for what is no model call.
  mutating func target(of head: RequestHead, _ loop: LoopState) -> Shared<RequestTarget>? {
    if let target, head.withTarget({ Self.isEqual($0, targetBytes) }) { return target }
    let uri = head.uri
    guard let found = loop.target(uri) else { return nil }
    guard LoopState.mayBeRemembered(found, uri: uri) else { return found }
    target = found
    targetBytes = Array(uri.utf8)
    return found
  }

  /// The key, when this request presents what an earlier one presented in the same field.
  func key(of headers: HeaderBlock, _ loop: LoopState) -> Shared<VirtualKey>? {
    guard let key, snapshotNumber == loop.snapshotNumber else { return nil }
    let isSame = headers.withCredential { field, value in field == credentialField && Self.isEqual(value, credential) }
    return isSame == true ? key : nil
  }

  /// Remembers a good key, when it is what the first of the fields for keys says, and says in the form it should have.
  mutating func remember(_ key: Shared<VirtualKey>, presented: String, in headers: HeaderBlock, _ loop: LoopState) {
    headers.withCredential { field, value in
      let isInForm = field == .authorization ? headers.bearer == presented : value.elementsEqual(presented.utf8)
      guard isInForm else { return }
      self.key = key
      credential = Array(value)
      credentialField = field
      snapshotNumber = loop.snapshotNumber
    }
  }

  private static func isEqual(_ bytes: UnsafeRawBufferPointer, _ remembered: [UInt8]) -> Bool {
    guard bytes.count == remembered.count, let start = bytes.baseAddress else { return false }
    return remembered.withUnsafeBytes { other in other.baseAddress.map { memcmp(start, $0, bytes.count) == 0 } ?? false }
  }
}
