import SiLIF
import Synchronization

/// Precomputed frames in an array, put into a model's input format.
///
/// uint8 and int16 are plain input integers. float32 is a real value: times 2^inputFractionBits, rounded half up,
/// saturated to the model's input limit. `notes` tells what that took from the values.
package struct InputFrames: Sendable {
  package let array: NumpyArray
  private let inputCount: Int
  private let fractionBits: Int
  private let limit: Double
  private let losses: Losses

  /// - Parameter dimensions: 3 for [clip, step, feature], 2 for [step, feature].
  package init(_ array: NumpyArray, header: NetworkHeader, dimensions: Int) throws(Failure) {
    self.array = array
    inputCount = header.inputCount
    fractionBits = header.inputFractionBits
    limit = Double(header.inputLimit)
    losses = Losses(limit: limit)
    let names = dimensions == 3 ? "[clip, step, feature]" : "[step, feature]"
    switch array.header.element {
    case .uint8, .int16, .float32: break
    default:
      throw Failure(
        "\(array.path): values of type \(array.header.element.name): give uint8, int16 or float32 (x.astype('int16'))")
    }
    let shape = array.header.shape
    guard shape.count == dimensions else {
      throw Failure("\(array.path): the shape is \(shape): \(names) is wanted, with \(inputCount) features")
    }
    guard shape[dimensions - 1] == inputCount else {
      throw Failure(
        "\(array.path): \(shape[dimensions - 1]) features a step: this model takes \(inputCount); the shape must be \(names)"
      )
    }
    guard array.header.elementCount > 0 else {
      throw Failure("\(array.path): the shape is \(shape): there is nothing in it")
    }
  }

  /// What to say of the values that were read, where the model does not take them as they are.
  package var notes: [String] { losses.sum.withLock { $0 }.notes(path: array.path, fractionBits: fractionBits) }

  /// Frames `start..<start + count`, counted over all clips, as input integers.
  ///
  /// - Throws: Failure for a value that is not a number, saying where; or where the file cannot be read any more.
  package func read(_ start: Int, _ count: Int, into values: inout [Int16]) throws(Failure) {
    let first = start * inputCount
    let total = count * inputCount
    if values.count != total { values = [Int16](repeating: 0, count: total) }
    let bytes = try array.bytes(first, total)
    let scale = Double(1 << fractionBits)
    var loss = FrameLoss(limit: limit)
    let notANumber = bytes.withUnsafeBytes { bytes in
      (0..<total).first { index in
        let exact =
          switch array.header.element {
          case .uint8: Double(bytes[index])
          case .int16: Double(bytes.loadUnaligned(fromByteOffset: 2 * index, as: Int16.self))
          default: Double(bytes.loadUnaligned(fromByteOffset: 4 * index, as: Float.self)) * scale
          }
        if exact.isNaN { return true }
        // In a float the sum of the half itself rounds.
        let rounded = (exact + 0.5).rounded(.down)
        loss.count(exact, rounded: rounded)
        values[index] = Int16(max(-limit, min(limit, rounded)))
        return false
      }
    }
    if let index = notANumber {
      throw Failure(
        "\(array.path): value \((first + index) % inputCount) of frame \((first + index) / inputCount) is not a number"
      )
    }
    losses.sum.withLock { $0.add(loss) }
  }

  /// Of all who read.
  private final class Losses: Sendable {
    let sum: Mutex<FrameLoss>
    init(limit: Double) { sum = Mutex(FrameLoss(limit: limit)) }
  }
}
