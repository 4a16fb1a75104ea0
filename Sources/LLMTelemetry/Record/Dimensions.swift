// The dimensions every metric family, contrast and cause is cut by. A request id is not one of them.

/// One dimension a signal can be cut by. The raw value is the tag name in Datadog, YAML, JSON and on pages.
public enum Dimension: String, CaseIterable, Hashable, Sendable, Codable, CodingKeyRepresentable {
  case service
  case env
  case version
  case provider
  case model
  case route
  case tenant
  case feature
  case prompt
  case promptVersion = "prompt_version"
  case region
  case spanKind = "span_kind"
  case finishReason = "finish_reason"
  case cache
  case errorClass = "error_class"
  /// Which override was applied to a request (`OVR-7`), or was held back from it for comparison (`OVR-7:control`).
  case override
}

/// The values of the dimensions that come with a request: from the virtual key, the headers and the request body.
/// `span_kind`, `finish_reason`, `cache` and `error_class` are derived from the span itself.
public struct Dimensions: Hashable, Sendable {
  public var service: String?
  public var env: String?
  public var version: String?
  public var provider: String?
  public var model: String?
  public var route: String?
  public var tenant: String?
  public var feature: String?
  public var prompt: String?
  public var promptVersion: String?
  public var region: String?
  public var override: String?

  public init() {}
}
