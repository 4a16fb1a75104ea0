// Brings the index in line with a folder: what is new or changed is read, split, embedded and written; what is gone is removed.
import Crypto
import Foundation
import LLMInstrumentation
import LLMTelemetry

/// What became of a folder.
package struct IndexingReport: Sendable, Hashable {
  package var indexed: [String] = []
  package var unchanged = 0
  package var removed: [String] = []
  /// Files that could not be read, with the reason; what the index had of them stays.
  package var problems: [(id: String, reason: String)] = []
  package var passages = 0
  package var cost = CostSum()

  package static func == (left: Self, right: Self) -> Bool {
    left.indexed == right.indexed && left.unchanged == right.unchanged && left.removed == right.removed
      && left.problems.map(\.id) == right.problems.map(\.id) && left.passages == right.passages
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(indexed)
    hasher.combine(removed)
  }
}

extension IndexingReport {
  fileprivate mutating func add(_ outcome: FolderIndexer.Outcome?, of id: String) {
    switch outcome {
    case .unchanged: unchanged += 1
    case .indexed(let passages, let cost):
      indexed.append(id)
      self.passages += passages
      self.cost.add(cost)
    case .unreadable(let reason): problems.append((id, reason))
    case nil: break
    }
  }
}

/// How far indexing has come.
package struct IndexingProgress: Sendable {
  package var done: Int
  package var total: Int
  package var current: String
}

package struct FolderIndexer: Sendable {
  let index: DocumentIndex
  let reader: DocumentReader
  let splitter: PassageSplitter
  let embedding: TracedEmbedding
  let tracer: LLMTracer
  let tenant: String
  let now: @Sendable () -> Timestamp
  let pause: @Sendable (Duration) async throws -> Void
  private static let fileLimit = 200_000
  private static let attempts = 5

  package init(
    index: DocumentIndex, reader: DocumentReader, splitter: PassageSplitter, embedding: TracedEmbedding, tracer: LLMTracer,
    tenant: String, now: @escaping @Sendable () -> Timestamp = { .now() },
    pause: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
  ) {
    self.pause = pause
    self.index = index
    self.reader = reader
    self.splitter = splitter
    self.embedding = embedding
    self.tracer = tracer
    self.tenant = tenant
    self.now = now
  }

  /// - Parameter progress: told before each file, and at the end.
  package func index(folder: String, progress: @escaping @Sendable (IndexingProgress) -> Void = { _ in }) async throws
    -> IndexingReport
  {
    try await tracer.workflow("index folder") { workflow in
      workflow.record(tenant: tenant, feature: "indexing")
      let files = try Self.files(in: folder)
      let known = try await index.store.fingerprints(origin: .folder)
      // A volume that is not mounted looks like a folder whose documents were all removed.
      guard !files.isEmpty || known.isEmpty else {
        throw IndexError(
          "the folder \(folder) has no documents, and the index has \(known.count); nothing was removed: put the documents back, "
            + "or give `index.path` a new file")
      }
      var report = IndexingReport()
      let wide = max(1, embedding.embedder.concurrency)
      for start in stride(from: 0, to: files.count, by: wide) {
        progress(IndexingProgress(done: start, total: files.count, current: files[start]))
        let part = files[start..<min(start + wide, files.count)]
        // Some files at a time: most of the time is spent waiting for vectors.
        let outcomes = try await withThrowingTaskGroup(of: (String, Outcome).self) { group in
          for id in part {
            group.addTask { (id, try await take(id, folder: folder, known: known[id])) }
          }
          var outcomes: [String: Outcome] = [:]
          for try await (id, outcome) in group { outcomes[id] = outcome }
          return outcomes
        }
        for id in part { report.add(outcomes[id], of: id) }
      }
      let present = Set(files)
      for id in known.keys.sorted() where !present.contains(id) {
        _ = try await index.remove(id)
        report.removed.append(id)
      }
      progress(IndexingProgress(done: files.count, total: files.count, current: ""))
      workflow.update { $0.retrieval = nil }
      return report
    }
  }

  /// Puts one document in that did not come from the folder; its bytes are read like a file's.
  package func put(
    _ bytes: Data, id: String, title: String?, type: MediaType, tags: [String: [String]], origin: CallOrigin
  ) async throws -> DocumentRecord {
    try await tracer.workflow("index document") { workflow in
      origin.describe(workflow)
      return try await write(
        bytes, id: id, title: title, type: type, tags: tags, source: .api,
        fingerprint: fingerprint(of: bytes, type: type, tags: tags, title: title), callOrigin: origin
      ).record
    }
  }

  fileprivate enum Outcome: Sendable {
    case unchanged
    case indexed(passages: Int, cost: CostSum)
    case unreadable(String)
  }

  private func take(_ id: String, folder: String, known: String?) async throws -> Outcome {
    try Task.checkCancellation()
    guard let type = MediaType(fileName: id), let bytes = FileManager.default.contents(atPath: folder + "/" + id) else {
      return .unreadable("it cannot be read; check its permissions")
    }
    let tags = Self.tags(of: id)
    let fingerprint = fingerprint(of: bytes, type: type, tags: tags, title: nil)
    if known == fingerprint { return .unchanged }
    do {
      let written = try await patiently {
        try await write(
          bytes, id: id, title: nil, type: type, tags: tags, source: .folder, fingerprint: fingerprint,
          callOrigin: CallOrigin(tenant: tenant, feature: "indexing"))
      }
      return .indexed(passages: written.record.passageCount, cost: written.cost)
    } catch let error as ReadingError {
      return .unreadable(error.description)
    }
  }

  /// Tries again where a provider only asks for patience: a folder of thousands of files meets its limits at some time.
  private func patiently<Value: Sendable>(_ work: () async throws -> Value) async throws -> Value {
    var wait = Duration.seconds(1)
    for _ in 1..<Self.attempts {
      do {
        return try await work()
      } catch let error as ModelCallError where [.rateLimited, .overloaded, .timeout, .network].contains(error.errorClass) {
        let asked = error.retryAfter.flatMap { Int($0) }.map { Duration.seconds(min($0, 60)) }
        try await pause(max(asked ?? .zero, wait))
        wait *= 2
      }
    }
    return try await work()
  }

  private func write(
    _ bytes: Data, id: String, title: String?, type: MediaType, tags: [String: [String]], source: DocumentRecord.Origin,
    fingerprint: String, callOrigin: CallOrigin
  ) async throws -> (record: DocumentRecord, cost: CostSum) {
    let loaded = try await tracer.task("load document") { span in
      callOrigin.describe(span)
      return try await reader.read(bytes, as: type)
    }
    let name = title ?? loaded.title ?? Self.name(of: id)
    let passages = await tracer.task("split document") { span in
      callOrigin.describe(span)
      return splitter.passages(of: loaded, id: id, title: name)
    }
    guard !passages.isEmpty else { throw ReadingError(description: "it holds no text") }
    let embedded = try await embedding.embed(
      passages.map { EmbeddingText(title: $0.title, text: $0.text) }, purpose: .document, origin: callOrigin)
    let record = DocumentRecord(
      id: id, title: name, mediaType: type.rawValue, origin: source, fingerprint: fingerprint, tags: tags,
      passageCount: passages.count, updatedAt: now())
    try await tracer.task("write index") { span in
      callOrigin.describe(span)
      try await index.put(record, passages: Array(zip(passages, embedded.vectors)).map { (passage: $0, vector: $1) })
    }
    return (record, embedded.cost)
  }

  /// Of the bytes and of all settings that decide what becomes of them: another splitting is another index.
  private func fingerprint(of bytes: Data, type: MediaType, tags: [String: [String]], title: String?) -> String {
    var hash = SHA256()
    let settings =
      "1 \(type.rawValue) \(splitter.passageCharacters) \(splitter.overlapCharacters) \(embedding.embedder.identity) "
      + "\(tags.sorted { $0.key < $1.key }) \(title ?? "")\n"
    hash.update(data: Data(settings.utf8))
    hash.update(data: bytes)
    return hash.finalize().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// The folder's first level is a namespace of restricts.
  private static func tags(of id: String) -> [String: [String]] {
    let parts = id.split(separator: "/")
    return parts.count > 1 ? ["folder": [String(parts[0])]] : [:]
  }

  private static func name(of id: String) -> String {
    let file = id.split(separator: "/").last.map(String.init) ?? id
    return file.lastIndex(of: ".").map { String(file[..<$0]) } ?? file
  }

  /// The files that can be read, as paths inside the folder, in their order. Hidden ones and links that lead outside are left out.
  package static func files(in folder: String) throws -> [String] {
    let root = URL(fileURLWithPath: folder).standardizedFileURL.resolvingSymlinksInPath()
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: root.path, isDirectory: &isFolder), isFolder.boolValue,
      let walker = FileManager.default.enumerator(
        at: root, includingPropertiesForKeys: [.isRegularFileKey], options: [.skipsHiddenFiles])
    else { throw IndexError("the folder \(folder) cannot be read; give an existing folder") }
    var files: [String] = []
    for case let file as URL in walker where MediaType(fileName: file.lastPathComponent) != nil {
      let path = file.standardizedFileURL.resolvingSymlinksInPath().path
      guard path.hasPrefix(root.path + "/"), (try? file.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == false else {
        continue
      }
      files.append(String(file.standardizedFileURL.path.dropFirst(root.path.count + 1)))
      guard files.count <= fileLimit else { throw IndexError("the folder \(folder) has more than 200,000 files; split it") }
    }
    return files.sorted()
  }
}
