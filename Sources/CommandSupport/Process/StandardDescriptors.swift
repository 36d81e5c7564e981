import Glibc

/// Fills standard input, output and error where whoever started the command closed them (`<&-`, `>&-`): a pipe or a file that
/// is opened later would get their numbers, and be read or written in their place.
///
/// What fills them is open the wrong way round, so that using it is an error, as it is with a closed descriptor.
func fillStandardDescriptors() {
  for (descriptor, flags) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDWR)] {
    // The lowest free number is taken, which is this one.
    if fcntl(descriptor, F_GETFD) < 0 { _ = open("/dev/null", flags) }
  }
}
