import Glibc

/// This process's memory, from /proc/self/status.
enum ProcessMemory {
  /// The field in kibibytes, nil where the system does not tell.
  static func kB(_ field: String) -> Int? {
    guard let stream = fopen("/proc/self/status", "r") else { return nil }
    defer { fclose(stream) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), stream) != nil {
      let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      guard text.hasPrefix("\(field):") else { continue }
      return text.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }
    }
    return nil
  }
}
