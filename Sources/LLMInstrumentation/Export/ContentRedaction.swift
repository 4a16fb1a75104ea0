// A ready-made `redact` for captured texts: what the commander does to texts, done in the application before they leave it.
import Redaction

/// For the argument `redact` of ``LLMTracer/bootstrap(service:env:version:exporter:captureContent:redact:metrics:)``.
public enum ContentRedaction {
  /// Takes out credentials and personal data: keys and tokens, e-mail addresses, card numbers, IBANs, national ids, telephone numbers,
  /// network addresses.
  public static let standard: @Sendable (String) -> String = { Redactor.redact($0) }

  /// Takes out credentials alone.
  public static let credentials: @Sendable (String) -> String = { Redactor.redact($0, onlyCredentials: true) }
}
