// Vectors as bytes and back: 32-bit floats, the low byte first.
import Foundation

enum VectorBytes {
  static func data(_ vector: [Float]) -> Data {
    var bytes = Data(capacity: vector.count * 4)
    for value in vector { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) } }
    return bytes
  }

  static func floats(_ bytes: Data) -> [Float] {
    bytes.withUnsafeBytes { raw in
      (0..<(raw.count / 4)).map {
        Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self)))
      }
    }
  }

  /// The vector at length 1, so that a product is the cosine; `nil` for one without a direction.
  static func normalized(_ vector: [Float]) -> [Float]? {
    let length = vector.reduce(0 as Float) { $0 + $1 * $1 }.squareRoot()
    guard length > 0, length.isFinite else { return nil }
    return vector.map { $0 / length }
  }
}
