// Which requests an override speaks about: those that have every value it names.

/// A conjunction of what is known of a request before anybody serves it. Empty means every request.
public struct RequestScope: Hashable, Sendable, Codable {
  public var route: String?
  public var tenant: String?
  /// The name of a virtual key; metrics have no such tag.
  public var key: String?
  public var feature: String?
  public var prompt: String?
  public var promptVersion: String?
  /// What the client asks for.
  public var model: String?

  private enum CodingKeys: String, CodingKey {
    case route, tenant, key, feature, prompt, model
    case promptVersion = "prompt_version"
  }

  public init(
    route: String? = nil, tenant: String? = nil, key: String? = nil, feature: String? = nil, prompt: String? = nil,
    promptVersion: String? = nil, model: String? = nil
  ) {
    self.route = route
    self.tenant = tenant
    self.key = key
    self.feature = feature
    self.prompt = prompt
    self.promptVersion = promptVersion
    self.model = model
  }

  /// What a cause calls the name of a virtual key.
  package static let keyDimension = "virtual_key"

  /// Of the dimensions of a cause those that a request shows before it is served.
  package init(cause dimensions: [String: String]) {
    self.init(
      route: dimensions[Dimension.route.rawValue], tenant: dimensions[Dimension.tenant.rawValue],
      key: dimensions[Self.keyDimension], feature: dimensions[Dimension.feature.rawValue],
      prompt: dimensions[Dimension.prompt.rawValue],
      promptVersion: dimensions[Dimension.promptVersion.rawValue], model: dimensions[Dimension.model.rawValue])
  }

  /// `nil` where a part of the cause shows only once a request is served (its provider, its region, …): what the rest names would be
  /// more requests than are to blame.
  package init?(exactly dimensions: [String: String]) {
    let shown = [Dimension.route, .tenant, .feature, .prompt, .promptVersion, .model].map(\.rawValue) + [Self.keyDimension]
    guard !dimensions.isEmpty, dimensions.keys.allSatisfy(shown.contains) else { return nil }
    self.init(cause: dimensions)
  }

  /// Whether it names who sends.
  package var namesSender: Bool { tenant != nil || key != nil }

  public var isEmpty: Bool { self == RequestScope() }

  /// Whether a request belongs to it.
  ///
  /// - Parameter model: what the client asked for, which `dimensions` may no longer say once another one answered.
  package func contains(_ dimensions: Dimensions, key: String?, model: String?) -> Bool {
    func fits(_ wanted: String?, _ value: String?) -> Bool { wanted == nil || wanted == value }
    return fits(route, dimensions.route) && fits(tenant, dimensions.tenant) && fits(self.key, key)
      && fits(feature, dimensions.feature) && fits(prompt, dimensions.prompt) && fits(promptVersion, dimensions.promptVersion)
      && fits(self.model, model)
  }

  /// Tag name to value, for questions to rollups; `nil` where rollups cannot tell these requests from others.
  package var filter: [String: String]? {
    guard key == nil else { return nil }
    var filter: [String: String] = [:]
    filter[Dimension.route.rawValue] = route
    filter[Dimension.tenant.rawValue] = tenant
    filter[Dimension.feature.rawValue] = feature
    filter[Dimension.prompt.rawValue] = prompt
    filter[Dimension.promptVersion.rawValue] = promptVersion
    filter[Dimension.model.rawValue] = model
    return filter
  }

  /// False where no request can belong to both.
  package func meets(_ other: RequestScope) -> Bool {
    func agree(_ left: String?, _ right: String?) -> Bool { left == nil || right == nil || left == right }
    return agree(route, other.route) && agree(tenant, other.tenant) && agree(key, other.key) && agree(feature, other.feature)
      && agree(prompt, other.prompt) && agree(promptVersion, other.promptVersion) && agree(model, other.model)
  }

  /// What belongs to both; meaningful where they meet.
  package func intersection(_ other: RequestScope) -> RequestScope {
    RequestScope(
      route: route ?? other.route, tenant: tenant ?? other.tenant, key: key ?? other.key, feature: feature ?? other.feature,
      prompt: prompt ?? other.prompt, promptVersion: promptVersion ?? other.promptVersion, model: model ?? other.model)
  }

  /// `tenant acme on route answer`; `all requests` for none.
  package var words: String {
    var parts: [String] = []
    if let tenant { parts.append("tenant \(tenant)") }
    if let key { parts.append("key \(key)") }
    if let feature { parts.append("feature \(feature)") }
    if let prompt { parts.append("prompt \(prompt)\(promptVersion.map { " version \($0)" } ?? "")") }
    if prompt == nil, let promptVersion { parts.append("prompt version \(promptVersion)") }
    if let model { parts.append("model \(model)") }
    if let route { parts.append("route \(route)") }
    return parts.isEmpty ? "all requests" : parts.joined(separator: ", ")
  }
}
