import CommandSupport
import Synchronization

/// Writes each clip's row as soon as those before it are written, whoever scored it: the rows stand in the batch's order.
final class RowWriter: Sendable {
  private struct State: ~Copyable {
    /// Rows that wait for one before them.
    var waiting: [Int: String] = [:]
    var next: Int
    let output: StandardOutput
    var error: (any Error)?
    /// A stop ended the wait for whoever reads.
    var isGivenUp = false
  }

  private let state: Mutex<State>
  private let stop: StopRequest

  /// - Parameters:
  ///   - name: of the file; nil for standard output.
  ///   - first: the first clip whose row is wanted.
  ///   - stop: ends the wait for whoever reads a pipe.
  init(descriptor: Int32, name: String?, first: Int, stop: StopRequest) {
    self.stop = stop
    state = Mutex(State(next: first, output: StandardOutput(descriptor: descriptor, name: name)))
  }

  /// Writes what stands before all rows.
  func begin(_ header: String) throws {
    try state.withLock {
      try $0.output.write(header)
      $0.isGivenUp = try !$0.output.flush(unless: stop)
    }
  }

  /// - Returns: false where nothing can be written any more; `check` tells why.
  func write(_ row: String, of index: Int) -> Bool {
    state.withLock { state in
      guard state.error == nil && !state.isGivenUp else { return false }
      state.waiting[index] = row
      do {
        while let row = state.waiting.removeValue(forKey: state.next) {
          try state.output.write(row)
          state.next += 1
        }
        state.isGivenUp = try !state.output.flush(unless: stop)
      } catch { state.error = error }
      return state.error == nil && !state.isGivenUp
    }
  }

  /// - Throws: what went wrong while it wrote.
  func check() throws {
    try state.withLock { if let error = $0.error { throw error } }
  }
}
