import CommandSupport
import Glibc

/// SIGHUP, SIGUSR1 and SIGCHLD: a handler notes them and wakes the thread that delivers events.
struct Signals {
  /// From now on. One in a process.
  ///
  /// - Parameter catchesHangup: else SIGHUP stays a request to stop, as when a terminal is closed.
  init(waking pipe: WakePipe, catchesHangup: Bool) {
    wakeDescriptor = pipe.descriptor
    for number in [SIGUSR1, SIGCHLD] + (catchesHangup ? [SIGHUP] : []) {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { number in
        let saved = errno
        switch number {
        case SIGHUP: hangups &+= 1
        case SIGUSR1: questions &+= 1
        default: endedChildren &+= 1
        }
        var byte: UInt8 = 1
        _ = write(wakeDescriptor, &byte, 1)
        errno = saved
      }
      sigaction(number, &action, nil)
    }
  }

  /// How often each came. A byte in the pipe follows every one, so whoever waits for the pipe and then asks misses none.
  var counts: (hangups: Int, questions: Int, endedChildren: Int) { (hangups, questions, endedChildren) }
}

// Only the handler changes them; it runs on the thread that reads them, because the audio thread takes no signals.
nonisolated(unsafe) private var wakeDescriptor: Int32 = -1
nonisolated(unsafe) private var hangups = 0
nonisolated(unsafe) private var questions = 0
nonisolated(unsafe) private var endedChildren = 0
