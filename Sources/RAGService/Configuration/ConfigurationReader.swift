// Reads the YAML configuration, strictly: unknown keys, wrong types, missing secrets and folders are all reported at once.
import Foundation
import Yams

package struct ConfigurationReader {
  private let file: String
  private let environment: [String: String]
  private var errors: [(mark: Mark?, text: String)] = []

  /// Reads `path`; paths inside the file are relative to its folder, secrets come from `environment` or from files.
  package static func read(path: String, environment: [String: String]) throws(ConfigurationErrors) -> RAGConfiguration {
    guard let data = FileManager.default.contents(atPath: path), let text = String(data: data, encoding: .utf8) else {
      throw ConfigurationErrors(lines: ["\(path):1:1: the file cannot be read as UTF-8 text; give the path of a configuration file"])
    }
    var reader = ConfigurationReader(file: path, environment: environment)
    let root: Node
    do {
      root = try Yams.compose(yaml: text) ?? Node([(Node, Node)]())
    } catch {
      throw ConfigurationErrors(lines: [reader.explanation(of: error)])
    }
    let configuration = reader.configuration(root)
    guard reader.errors.isEmpty, let configuration else {
      let ordered = reader.errors.enumerated().sorted {
        ($0.element.mark?.line ?? 1, $0.element.mark?.column ?? 1, $0.offset) < ($1.element.mark?.line ?? 1, $1.element.mark?.column ?? 1, $1.offset)
      }
      throw ConfigurationErrors(lines: ordered.map { "\(path):\($0.element.mark?.description ?? "1:1"): \($0.element.text)" })
    }
    return configuration
  }

  private init(file: String, environment: [String: String]) {
    self.file = file
    self.environment = environment
  }

  private mutating func configuration(_ root: Node) -> RAGConfiguration? {
    guard let root = mapping(root, at: "the configuration", allows: ["listen", "documents", "tenant", "env", "vertex", "prompt", "telemetry"])
    else { return nil }
    let listen = address(root, "listen")
    let documents = folder(root, "documents")
    let tenant = string(root, "tenant", default: "default")
    let env = string(root, "env", default: "dev")
    let vertex = section(root, "vertex", allows: ["base_url", "project", "location", "model", "credential"]).flatMap { self.vertex($0) }
    let prompt = section(root, "prompt", allows: ["name", "text"]).flatMap { node in
      string(node, "name").map { RAGConfiguration.Prompt(name: $0, text: optionalString(node, "text")) }
    }
    var telemetry: RAGConfiguration.Telemetry?
    if root["telemetry"] != nil, let node = section(root, "telemetry", allows: ["spans_url", "credential"]) {
      let url = self.url(node, "spans_url")
      let token = credential(node)
      if let url, let token { telemetry = RAGConfiguration.Telemetry(spansURL: url, bearerToken: token) }
    }
    guard let listen, let documents, let tenant, let env, let vertex, let prompt else { return nil }
    return RAGConfiguration(
      host: listen.host, port: listen.port, documents: documents, vertex: vertex, prompt: prompt, telemetry: telemetry, tenant: tenant,
      env: env)
  }

  private mutating func vertex(_ node: Node.Mapping) -> RAGConfiguration.Vertex? {
    let baseURL = url(node, "base_url")
    let project = string(node, "project")
    let location = string(node, "location")
    let model = string(node, "model")
    let token = credential(node)
    guard let baseURL, let project, let location, let model, let token else { return nil }
    return RAGConfiguration.Vertex(baseURL: baseURL, project: project, location: location, model: model, bearerToken: token)
  }

  private mutating func address(_ node: Node.Mapping, _ key: String) -> (host: String, port: Int)? {
    guard let text = string(node, key) else { return nil }
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), (0...65535).contains(port),
      colon != text.startIndex
    else {
      report(node[key]?.mark, "\(key): \"\(text)\" is not an address; give host:port, for example 127.0.0.1:8070")
      return nil
    }
    return (String(text[..<colon]), port)
  }

  private mutating func url(_ node: Node.Mapping, _ key: String) -> String? {
    guard let text = string(node, key) else { return nil }
    guard let url = URL(string: text), ["http", "https"].contains(url.scheme ?? ""), url.host?.isEmpty == false else {
      report(node[key]?.mark, "\(key): \"\(text)\" is not an http or https URL; give one, for example http://127.0.0.1:8080")
      return nil
    }
    return text.hasSuffix("/") ? String(text.dropLast()) : text
  }

  private mutating func folder(_ node: Node.Mapping, _ key: String) -> [Passage]? {
    guard let text = string(node, key) else { return nil }
    do throws(DocumentLibrary.LoadError) {
      return try DocumentLibrary.passages(inFolder: resolved(text))
    } catch {
      report(node[key]?.mark, "\(key): \(error.message)")
      return nil
    }
  }

  private mutating func credential(_ node: Node.Mapping) -> String? {
    guard let source = section(node, "credential", allows: ["environment", "file"]) else { return nil }
    if source["environment"] != nil, source["file"] == nil {
      guard let name = string(source, "environment") else { return nil }
      if let value = environment[name], !value.isEmpty { return value }
      report(source["environment"]?.mark, "credential: the environment variable \(name) is not set; export it before the start")
      return nil
    }
    if source["file"] != nil, source["environment"] == nil {
      guard let path = string(source, "file") else { return nil }
      let text = FileManager.default.contents(atPath: resolved(path)).map { String(decoding: $0, as: UTF8.self) }
      if let secret = text?.trimmingCharacters(in: .whitespacesAndNewlines), !secret.isEmpty { return secret }
      report(source["file"]?.mark, "credential: the file \(path) is missing or empty; put the secret into it")
      return nil
    }
    report(node["credential"]?.mark, "credential: must name one source; give {environment: NAME} or {file: PATH}")
    return nil
  }

  private mutating func section(_ node: Node.Mapping, _ key: String, allows known: [String]) -> Node.Mapping? {
    guard let value = node[key] else {
      report(node.mark, "\(key): is missing; add it with \(known.joined(separator: ", "))")
      return nil
    }
    return mapping(value, at: key, allows: known)
  }

  private mutating func mapping(_ node: Node, at name: String, allows known: [String]) -> Node.Mapping? {
    guard let mapping = node.mapping else {
      report(node.mark, "\(name): is not a mapping; give \(known.joined(separator: ", "))")
      return nil
    }
    for (key, _) in mapping where !known.contains(key.string ?? "") {
      report(key.mark, "\(key.string ?? "?"): is not a known key of \(name); use \(known.joined(separator: ", "))")
    }
    return mapping
  }

  private mutating func string(_ node: Node.Mapping, _ key: String, default fallback: String? = nil) -> String? {
    guard node[key] != nil else {
      if fallback == nil { report(node.mark, "\(key): is missing; add it") }
      return fallback
    }
    return optionalString(node, key)
  }

  private mutating func optionalString(_ node: Node.Mapping, _ key: String) -> String? {
    guard let value = node[key] else { return nil }
    guard let text = value.scalar?.string, !text.isEmpty, value.null == nil else {
      report(value.mark, "\(key): is not a text; give one")
      return nil
    }
    return text
  }

  private mutating func report(_ mark: Mark?, _ text: String) { errors.append((mark, text)) }

  private func resolved(_ path: String) -> String {
    URL(fileURLWithPath: path, relativeTo: URL(fileURLWithPath: file).deletingLastPathComponent()).standardizedFileURL.path
  }

  private func explanation(of error: any Error) -> String {
    switch error {
    case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
      YamlError.composer(_, let problem, let mark, _):
      "\(file):\(mark): the file is not YAML: \(problem); correct the syntax"
    default: "\(file):1:1: the file is not YAML: \(error); correct the syntax"
    }
  }
}
