// The parts of the configuration that say which services are called: models, embeddings, Vector Search, and their credentials.
import Foundation
import GoogleCredentials
import StrictYAML

extension ConfigurationReader {
  /// Exactly one model answers.
  func generation(
    _ file: YAMLValue, vertex: RAGConfiguration.Generation??, openAI: RAGConfiguration.Generation??
  ) -> RAGConfiguration.Generation? {
    switch (vertex, openAI) {
    case (let vertex?, nil): return vertex
    case (nil, let openAI?): return openAI
    case (nil, nil): file.problem("the file needs `vertex` or `openai`: where the model is that answers")
    default: file.problem("the file has both `vertex` and `openai`; keep the one whose model answers")
    }
    return nil
  }

  func vertex(_ value: YAMLValue) -> RAGConfiguration.Generation? {
    guard let mapping = value.mapping(["base_url", "project", "location", "model", "api_version", "credential"]) else {
      return nil
    }
    let place = place(mapping, beside: nil)
    let model = mapping.required("model", "for example gemini-2.5-flash").flatMap(name)
    let credential = mapping.required("credential", Self.credentialRemedy).flatMap(credential)
    guard let place, let model, let credential else { return nil }
    return .vertex(place: place, model: model, credential: credential)
  }

  func openAI(_ value: YAMLValue) -> RAGConfiguration.Generation? {
    guard let mapping = value.mapping(["base_url", "model", "credential"]) else { return nil }
    let baseURL = mapping.required("base_url", "a gateway, or https://api.openai.com").flatMap(url)
    let model = mapping.required("model", "for example gpt-4o-mini").flatMap(name)
    let credential = mapping.required("credential", "{environment: NAME} or {file: PATH}").flatMap(credential)
    guard let baseURL, let model, let credential else { return nil }
    return .openAI(baseURL: baseURL, model: model, credential: credential)
  }

  /// What sections that leave something out take it from. Nothing is said to be missing that an unreadable one may have.
  enum Neighbour {
    case generation(RAGConfiguration.Generation)
    /// It is there and has problems of its own, which are told.
    case unreadable
    case missing

    var isUnreadable: Bool { if case .unreadable = self { true } else { false } }
    var generation: RAGConfiguration.Generation? { if case .generation(let generation) = self { generation } else { nil } }
  }

  private enum EmbeddingProvider: String, CaseIterable {
    case builtIn = "built-in"
    case vertex, openai
  }

  /// What is not said is as for the model that answers, where both have the same provider.
  func embedding(_ value: YAMLValue, beside neighbour: Neighbour) -> RAGConfiguration.Embedding? {
    guard
      let mapping = value.mapping([
        "provider", "model", "dimensions", "batch_size", "base_url", "project", "location", "api_version", "credential",
      ]), let provider = mapping.required("provider", "built-in, vertex or openai")?.choice(EmbeddingProvider.self)
    else { return nil }
    if provider == .builtIn {
      for key in ["model", "dimensions", "batch_size", "base_url", "project", "location", "api_version", "credential"] {
        mapping[key]?.problem("`embedding.\(key)` is of models that are called; the built-in one has none")
      }
      return .builtIn
    }
    let dimensions = mapping["dimensions"].flatMap { $0.integer(1...8192) }
    let batchSize = mapping["batch_size"].flatMap { $0.integer(1...2048) }
    let own = mapping["credential"].map(credential)
    switch provider {
    case .builtIn: return .builtIn
    case .vertex:
      var known: (place: VertexPlace, credential: CredentialSource)?
      if case .vertex(let place, _, let credential) = neighbour.generation { known = (place, credential) }
      let place = place(mapping, beside: known?.place, isKnownThere: neighbour.isUnreadable)
      let model = mapping.required("model", "text-embedding-005 or gemini-embedding-001").flatMap(name)
      if own == nil, known == nil, !neighbour.isUnreadable {
        value.problem("`\(value.path)` needs `credential`: \(Self.credentialRemedy)")
      }
      guard let place, let model, let credential = own ?? known?.credential else { return nil }
      return .vertex(place: place, model: model, dimensions: dimensions, batchSize: batchSize, credential: credential)
    case .openai:
      var known: (baseURL: String, credential: CredentialSource)?
      if case .openAI(let baseURL, _, let credential) = neighbour.generation { known = (baseURL, credential) }
      let baseURL = mapping["base_url"].map(url) ?? known?.baseURL
      let model = mapping.required("model", "for example text-embedding-3-small").flatMap(name)
      if mapping["base_url"] == nil, known == nil, !neighbour.isUnreadable {
        value.problem("`\(value.path)` needs `base_url`: a gateway, or https://api.openai.com")
      }
      if own == nil, known == nil, !neighbour.isUnreadable {
        value.problem("`\(value.path)` needs `credential`: {environment: NAME} or {file: PATH}")
      }
      guard let baseURL, let model, let credential = own ?? known?.credential else { return nil }
      return .openAI(baseURL: baseURL, model: model, dimensions: dimensions, batchSize: batchSize, credential: credential)
    }
  }

  func index(_ value: YAMLValue, beside neighbour: Neighbour) -> RAGConfiguration.Index? {
    guard let mapping = value.mapping(["path", "vector_search"]) else { return nil }
    let path = mapping["path"]?.string().map { URL(fileURLWithPath: $0, relativeTo: folder).standardizedFileURL.path }
    let remote = mapping["vector_search"].map { vectorSearch($0, beside: neighbour) }
    if remote != nil, mapping["path"] == nil {
      value.problem("`\(value.path)` needs `path`: Vector Search keeps the vectors, and the texts stay in a file here")
    }
    if let remote, remote == nil { return nil }
    return RAGConfiguration.Index(path: path, vectorSearch: remote ?? nil)
  }

  private func vectorSearch(_ value: YAMLValue, beside neighbour: Neighbour)
    -> RAGConfiguration.RemoteVectors?
  {
    guard
      let mapping = value.mapping([
        "base_url", "index", "query_url", "index_endpoint", "deployed_index", "distance", "credential",
      ])
    else { return nil }
    let index = mapping.required("index", "projects/P/locations/L/indexes/I").flatMap { resource($0, collection: "indexes") }
    let endpoint = mapping.required("index_endpoint", "projects/P/locations/L/indexEndpoints/E").flatMap {
      resource($0, collection: "indexEndpoints")
    }
    let deployed = mapping.required("deployed_index", "the id it was deployed under").flatMap(name)
    let location = index?.split(separator: "/").dropFirst(3).first.map(String.init)
    let baseURL = mapping["base_url"].map(url) ?? location.map(VertexPlace.baseURL)
    let queryURL = mapping["query_url"].map(url) ?? baseURL
    let distance = mapping["distance"].map { $0.choice(VertexVectorSearch.Distance.self) } ?? .dotProduct
    var known: CredentialSource?
    if case .vertex(_, _, let credential) = neighbour.generation { known = credential }
    let own = mapping["credential"].map(credential)
    if own == nil, known == nil, !neighbour.isUnreadable {
      value.problem("`\(value.path)` needs `credential`: \(Self.credentialRemedy)")
    }
    guard let index, let endpoint, let deployed, let baseURL, let queryURL, let distance, let credential = own ?? known else {
      return nil
    }
    return RAGConfiguration.RemoteVectors(
      place: .init(
        baseURL: baseURL, index: index, queryURL: queryURL, indexEndpoint: endpoint, deployedIndex: deployed,
        distance: distance), credential: credential)
  }

  static let credentialRemedy = "{google: application_default}, {google: {file: PATH}}, {environment: NAME} or {file: PATH}"

  /// Google's credential files are read and checked here, so that what is wrong with one is reported with everything else.
  func credential(_ value: YAMLValue) -> CredentialSource? {
    guard value.hasMember("google") else { return value.secret(environment: environment).map { .secret($0.value) } }
    guard let google = value.mapping(["google"])?["google"] else { return nil }
    do throws(GoogleCredentialError) {
      let source: GoogleSource
      if google.hasMember("file") {
        guard let path = google.mapping(["file"])?["file"]?.string() else { return nil }
        source = GoogleSource(file: URL(fileURLWithPath: path, relativeTo: folder).standardizedFileURL.path)
      } else if google.memberText("file") == nil, google.string() == "application_default" {
        source = try GoogleSource.applicationDefault(environment: environment)
      } else {
        google.problem("`\(google.path)` must be application_default or {file: PATH}")
        return nil
      }
      try source.check()
      return .google(source)
    } catch {
      google.problem("`\(google.path)`: \(error)")
      return nil
    }
  }

  private func place(_ mapping: YAMLMapping, beside known: VertexPlace?, isKnownThere: Bool = false) -> VertexPlace? {
    if known == nil, isKnownThere { return nil }
    let project =
      known.map { known in mapping["project"].map(name) ?? known.project }
      ?? mapping.required("project", "the Google Cloud project").flatMap(name)
    let location =
      known.map { known in mapping["location"].map(name) ?? known.location }
      ?? mapping.required("location", "for example us-central1").flatMap(name)
    let version = mapping["api_version"].map { $0.choice(APIVersion.self)?.rawValue } ?? known?.apiVersion ?? "v1beta1"
    let baseURL = mapping["base_url"].map(url) ?? known?.baseURL ?? location.flatMap { $0 }.map(VertexPlace.baseURL)
    guard let project, let location, let version, let baseURL else { return nil }
    return VertexPlace(baseURL: baseURL, project: project, location: location, apiVersion: version)
  }

  private enum APIVersion: String, CaseIterable { case v1, v1beta1 }

  /// A name that becomes a part of a path or a header.
  func name(_ value: YAMLValue) -> String? {
    guard let text = value.string() else { return nil }
    guard text.count <= 200, text.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "._-/:@".contains($0)) }) else {
      value.problem("`\(value.path)` may have letters, digits and . _ - / : @")
      return nil
    }
    return text
  }

  private func resource(_ value: YAMLValue, collection: String) -> String? {
    guard let text = name(value) else { return nil }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 6, parts[0] == "projects", parts[2] == "locations", parts[4] == collection,
      parts.allSatisfy({ !$0.isEmpty })
    else {
      value.problem("`\(value.path)` must be projects/P/locations/L/\(collection)/ID")
      return nil
    }
    return text
  }

  func folder(_ value: YAMLValue) -> String? {
    guard let text = value.string() else { return nil }
    let path = URL(fileURLWithPath: text, relativeTo: folder).standardizedFileURL.path
    do {
      guard try !FolderIndexer.files(in: path).isEmpty else {
        value.problem("`\(value.path)`: the folder \(path) has no .md, .html, .txt or .pdf files; put documents into it")
        return nil
      }
      return path
    } catch {
      value.problem("`\(value.path)`: \(error)")
      return nil
    }
  }

  func number(_ value: YAMLValue, in range: ClosedRange<Double>) -> Double? {
    guard let number = value.number() else { return nil }
    guard range.contains(number) else {
      value.problem("`\(value.path)` must be a number from \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    return number
  }

  func url(_ value: YAMLValue) -> String? {
    guard let text = value.string() else { return nil }
    guard let url = URL(string: text), ["http", "https"].contains(url.scheme ?? ""), url.host?.isEmpty == false,
      url.user == nil, url.query == nil
    else {
      value.problem("`\(value.path)` must be an http or https URL without credentials, for example http://127.0.0.1:8080")
      return nil
    }
    return text.hasSuffix("/") ? String(text.dropLast()) : text
  }
}
