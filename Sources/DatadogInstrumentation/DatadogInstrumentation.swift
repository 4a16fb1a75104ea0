// What a program sees that imports this module: the tracer of LLMInstrumentation, and exporters for Datadog beside its own.

@_exported import LLMInstrumentation

/// The version that Datadog is told.
enum SDKVersion {
  static let current = "0.1.0"
}
