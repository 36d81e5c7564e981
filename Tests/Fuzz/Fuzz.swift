import Glibc

/// What libFuzzer calls with one input after another. Which reader gets them, SILIF_FUZZ says: one program for all.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  let bytes = UnsafeRawBufferPointer(start: data, count: data == nil ? 0 : count)
  switch target {
  case .models: ModelFuzzer.run(bytes)
  case .sound: SoundFuzzer.run(bytes)
  case .tables: TableFuzzer.run(bytes)
  }
  return 0
}

/// libFuzzer's own mutations, after which a model gets the length and the checksum that belong to it.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(_ data: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int, _ seed: UInt32) -> Int {
  let changed = mutateFurther(data, count, limit)
  if target == .models { ModelFuzzer.mend(UnsafeMutableRawBufferPointer(start: data, count: changed)) }
  return changed
}

@_silgen_name("LLVMFuzzerMutate")
private func mutateFurther(_ data: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int) -> Int

enum FuzzTarget: String {
  case models, sound, tables
}

let target: FuzzTarget = {
  // Stray signals of a pipe whose reader refused it are no finding.
  signal(SIGPIPE, SIG_IGN)
  guard let name = getenv("SILIF_FUZZ"), let found = FuzzTarget(rawValue: String(cString: name)) else {
    fatalError("SILIF_FUZZ must be models, sound or tables")
  }
  return found
}()

/// A result that no input may lead to.
func expect(_ condition: Bool, _ message: @autoclosure () -> String) {
  guard condition else { fatalError(message()) }
}

/// A file without a name that holds some bytes.
struct MemoryFile {
  let descriptor: Int32
  var path: String { "/proc/self/fd/\(descriptor)" }

  init(_ bytes: UnsafeRawBufferPointer) {
    descriptor = createMemoryFile("fuzz", 0)
    expect(write(descriptor, bytes.baseAddress, bytes.count) == bytes.count, "no memory for a file")
  }

  func close() { _ = Glibc.close(descriptor) }
}

/// Of sys/mman.h, where Swift's Glibc leaves it out.
@_silgen_name("memfd_create") private func createMemoryFile(_ name: UnsafePointer<CChar>, _ flags: UInt32) -> Int32
