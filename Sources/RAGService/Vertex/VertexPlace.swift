// Where things are on Vertex AI: the addresses that its own clients use.

package struct VertexPlace: Sendable, Hashable {
  /// A gateway, or `https://us-central1-aiplatform.googleapis.com`; without a slash at the end.
  package var baseURL: String
  package var project: String
  package var location: String
  /// `v1beta1`, as google-genai asks, or `v1`.
  package var apiVersion: String

  package init(baseURL: String, project: String, location: String, apiVersion: String = "v1beta1") {
    self.baseURL = baseURL
    self.project = project
    self.location = location
    self.apiVersion = apiVersion
  }

  /// Where `verb` is asked of one of Google's models.
  func url(model: String, verb: String) -> String {
    "\(baseURL)/\(apiVersion)/projects/\(project)/locations/\(location)/publishers/google/models/\(model):\(verb)"
  }

  /// Google's own address of a location; `global` has none in its name.
  package static func baseURL(location: String) -> String {
    location == "global" ? "https://aiplatform.googleapis.com" : "https://\(location)-aiplatform.googleapis.com"
  }
}
