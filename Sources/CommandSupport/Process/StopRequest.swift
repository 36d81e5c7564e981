import Glibc
import Synchronization

/// SIGINT, SIGTERM and SIGHUP (the terminal is gone) as a readable descriptor: the first asks the command to finish, a second
/// one ends it at once.
///
/// One that catches signals per process. The handler sets a flag and writes a byte to a pipe.
package final class StopRequest: Sendable {
  private let ends: PipeEnds

  /// Readable, for ever, once a stop was requested. Never read from it.
  package var descriptor: Int32 { ends.read }

  /// Catches the signals from now on.
  ///
  /// - Parameter catchesSignals: false for a request that only the program itself makes.
  package init(catchesSignals: Bool = true) throws(Failure) {
    ends = try PipeEnds()
    guard catchesSignals else { return }
    handlerDescriptor = ends.write
    for number in [SIGINT, SIGTERM, SIGHUP] where !(number == SIGHUP && isIgnored(number)) {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { number in
        let saved = errno
        stopSignal.store(number, ordering: .relaxed)
        var byte: UInt8 = 1
        _ = write(handlerDescriptor, &byte, 1)
        errno = saved
      }
      // No SA_RESTART: a command that waits (for a full pipe to be read, say) must wake up.
      action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND))
      sigaction(number, &action, nil)
    }
  }

  /// Asks the command itself to finish, as a signal would.
  package func request() { ends.signal() }

  /// Also where the pipe cannot be asked.
  package var isRequested: Bool { stopSignal.load(ordering: .relaxed) != 0 || wait(timeout_ms: 0) }

  /// What a command that was stopped before all was done exits with: 128 and the number of the signal, as in a shell.
  package var exitStatus: Int32 { 128 + stopSignal.load(ordering: .relaxed) }

  /// Waits for a request at most this long; -1 waits for ever.
  @discardableResult
  package func wait(timeout_ms: Int32) -> Bool { ends.wait(timeout_ms: timeout_ms) }
}

/// Set before the handler is installed, never changed after.
nonisolated(unsafe) private var handlerDescriptor: Int32 = -1

/// The last that came, 0 before.
private let stopSignal = Atomic<Int32>(0)

/// Whether whoever started the command asked it not to hear a signal (`nohup`).
package func isIgnored(_ number: Int32) -> Bool {
  var action = sigaction()
  guard sigaction(number, nil, &action) == 0 else { return false }
  return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
}
