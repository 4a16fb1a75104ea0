// Reads the YAML configuration, strictly: unknown keys, wrong types, missing secrets and folders are all reported at once.
import Foundation
import StrictYAML

package struct ConfigurationReader {
  private let folder: URL
  private let environment: [String: String]

  /// Reads `path`. The documents' folder is relative to the file's; secrets come from `environment` or from files.
  package static func read(path: String, environment: [String: String]) throws(ConfigurationError) -> RAGConfiguration {
    let problems = ProblemList()
    var configuration: RAGConfiguration?
    if let data = FileManager.default.contents(atPath: path), let text = String(data: data, encoding: .utf8) {
      let reader = ConfigurationReader(folder: URL(fileURLWithPath: path).deletingLastPathComponent(), environment: environment)
      configuration = YAMLValue.parse(text, file: path, problems: problems).flatMap(reader.configuration)
    } else {
      problems.add(
        Problem(
          file: path, line: 0, column: 0, message: "the file cannot be read as UTF-8 text; give the path of a configuration file")
      )
    }
    try problems.throwIfAny()
    guard let configuration else {
      throw ConfigurationError(problems: [
        Problem(file: path, line: 0, column: 0, message: "the configuration is incomplete; see Examples/rag-service.yaml")
      ])
    }
    return configuration
  }

  private func configuration(_ file: YAMLValue) -> RAGConfiguration? {
    guard let root = file.mapping(["listen", "documents", "tenant", "env", "vertex", "prompt", "telemetry"]) else { return nil }
    let listen = root.required("listen", "HOST:PORT, for example 127.0.0.1:8070")?.listenAddress()
    let documents = root.required("documents", "a folder of .md and .txt files").flatMap(documents)
    let vertex = root.required("vertex", "where the model is").flatMap(vertex)
    let prompt = root.required("prompt", "at least its name").flatMap(prompt)
    let tenant = root["tenant"].map { $0.string() } ?? "default"
    let env = root["env"].map { $0.string() } ?? "dev"
    let telemetry = root["telemetry"].flatMap(telemetry)
    guard let listen, let documents, let vertex, let prompt, let tenant, let env else { return nil }
    return RAGConfiguration(
      host: listen.host, port: listen.port, documents: documents, vertex: vertex, prompt: prompt, telemetry: telemetry,
      tenant: tenant,
      env: env)
  }

  private func vertex(_ value: YAMLValue) -> RAGConfiguration.Vertex? {
    guard let mapping = value.mapping(["base_url", "project", "location", "model", "credential"]) else { return nil }
    let baseURL = mapping.required("base_url", "a gateway, or https://us-central1-aiplatform.googleapis.com").flatMap(url)
    let project = mapping.required("project", "the Google Cloud project")?.string()
    let location = mapping.required("location", "for example us-central1")?.string()
    let model = mapping.required("model", "for example gemini-2.5-flash")?.string()
    let credential = mapping.required("credential", "{environment: NAME} or {file: PATH}")?.secret(environment: environment)
    guard let baseURL, let project, let location, let model, let credential else { return nil }
    return RAGConfiguration.Vertex(
      baseURL: baseURL, project: project, location: location, model: model, bearerToken: credential.value)
  }

  private func prompt(_ value: YAMLValue) -> RAGConfiguration.Prompt? {
    guard let mapping = value.mapping(["name", "text"]) else { return nil }
    let text = mapping["text"]?.string()
    return mapping.required("name", "the prompt's name, for example rag-answer")?.string().map {
      RAGConfiguration.Prompt(name: $0, text: text)
    }
  }

  private func telemetry(_ value: YAMLValue) -> RAGConfiguration.Telemetry? {
    guard let mapping = value.mapping(["spans_url", "credential"]) else { return nil }
    let spansURL = mapping.required("spans_url", "the commander's intake, for example http://127.0.0.1:8090/intake/spans")
      .flatMap(url)
    let credential = mapping.required("credential", "{environment: NAME} or {file: PATH}")?.secret(environment: environment)
    guard let spansURL, let credential else { return nil }
    return RAGConfiguration.Telemetry(spansURL: spansURL, bearerToken: credential.value)
  }

  private func documents(_ value: YAMLValue) -> [Passage]? {
    guard let path = value.string() else { return nil }
    do throws(DocumentLibrary.LoadError) {
      return try DocumentLibrary.passages(inFolder: URL(fileURLWithPath: path, relativeTo: folder).standardizedFileURL.path)
    } catch {
      value.problem("`\(value.path)`: \(error.message)")
      return nil
    }
  }

  private func url(_ value: YAMLValue) -> String? {
    guard let text = value.string() else { return nil }
    guard let url = URL(string: text), ["http", "https"].contains(url.scheme ?? ""), url.host?.isEmpty == false else {
      value.problem("`\(value.path)` must be an http or https URL, for example http://127.0.0.1:8080")
      return nil
    }
    return text.hasSuffix("/") ? String(text.dropLast()) : text
  }
}
