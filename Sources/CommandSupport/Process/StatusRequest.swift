import Glibc
import Synchronization

/// SIGUSR1: somebody wants to know how far the command is, as they ask `dd`.
package enum StatusRequest {
  private static let isOpen = Atomic<Bool>(false)

  /// Catches the signal from now on.
  static func listen() {
    // Made before a handler needs it.
    isOpen.store(false, ordering: .relaxed)
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in StatusRequest.isOpen.store(true, ordering: .relaxed) }
    action.sa_flags = SA_RESTART
    sigaction(SIGUSR1, &action, nil)
  }

  /// Whether there was a request since the last call.
  package static func take() -> Bool {
    isOpen.load(ordering: .relaxed) && isOpen.exchange(false, ordering: .relaxed)
  }
}
