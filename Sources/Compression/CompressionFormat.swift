// The two wrappers that HTTP's content codings put around deflate (RFC 1951), and what can be wrong with compressed bytes.

/// What stands around the compressed bytes.
package enum CompressionFormat: Sendable {
  /// RFC 1952, the content coding `gzip`.
  case gzip
  /// RFC 1950, which HTTP calls `deflate`.
  case zlib

  /// zlib's window bits; 16 more mean gzip.
  var windowBits: Int32 {
    switch self {
    case .gzip: 31
    case .zlib: 15
    }
  }
}

/// Why compressed bytes could not be read.
package enum DecompressionFailure: Error, Equatable {
  /// Not this format, or damaged.
  case corrupt
  /// The input ended before the compressed bytes did.
  case truncated
  /// More would come out than the reader allows: a bomb, or a limit that is too low.
  case tooLarge(limit: Int)
}
