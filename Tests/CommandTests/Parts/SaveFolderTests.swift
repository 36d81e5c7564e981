import CommandSupport
import Glibc
import KeywordSpotter
import TestSupport
import Testing

@testable import kws_listen

/// Where `--save-dir` puts its files, and which of them go.
@Suite struct SaveFolderTests {
  let folder = TemporaryFolder()

  private func name(year: Int, _ number: Int = 0) -> String {
    let milliseconds = String(1000 + number).dropFirst()
    return "\(year)0101T000000.\(milliseconds)Z-yes-0.90.wav"
  }

  private var newName: String { "\(TimeOfDay.now.fileName)-yes-0.50.wav" }

  private func isThere(_ name: String) -> Bool { access(folder.file(name), F_OK) == 0 }

  @Test func onlyNamesOfSavedSoundAreItsOwn() {
    for name in ["20261125T165003.123Z-yes-0.83.wav", "20261125T165003.123Z-near-_é-1.00.wav"] {
      #expect(SaveFolder.isSaved(name.utf8), "\(name)")
    }
    for name in [
      "", "notes.txt", "20261125T165003.123Z-yes-0.83.wav.part", "x20261125T165003.123Z-yes-0.83.wav",
      "2026112ST165003.123Z-yes-0.83.wav", "20261125T165003.123Z--0.83.wav", "20261125T165003.123Z-yes-0.83_wav",
      "20261125T165003.123Z-yes-0.8.wav", "20261125T165003.123Z-0.83.wav",
    ] {
      #expect(!SaveFolder.isSaved(name.utf8), "\(name)")
    }
  }

  /// Among many files that would take longer than a word may be late.
  @Test func theFolderIsListedAgainOnlyAfterManySaves() throws {
    let files = 0..<32
    for number in files { try folder.write([UInt8](repeating: 0, count: 100), to: name(year: 2001, number)) }
    let saved = try SaveFolder(folder.path, limit_bytes: 40 * 100)
    func save(_ number: Int) {
      #expect(saved.save([UInt8](repeating: 0, count: 100), as: name(year: 2003, number)) == 0)
    }
    save(0)
    // Another listener's.
    for number in files { try folder.write([UInt8](repeating: 0, count: 100), to: name(year: 2002, number)) }
    save(1)
    #expect(files.allSatisfy { isThere(name(year: 2001, $0)) })
    save(2)
    #expect(files.allSatisfy { !isThere(name(year: 2001, $0)) == ($0 < 27) })
    #expect(files.allSatisfy { isThere(name(year: 2002, $0)) })
  }

  @Test func aClockThatWasSetBackCostsNoNewSound() throws {
    try folder.write([UInt8](repeating: 0, count: 100), to: name(year: 2001))
    for number in 0..<2 { try folder.write([UInt8](repeating: 0, count: 100), to: name(year: 2999, number)) }
    let saved = try SaveFolder(folder.path, limit_bytes: 300)
    let names = [newName, "20020101T000000.000Z-no-0.50.wav"]
    for (index, name) in names.enumerated() {
      #expect(saved.save([UInt8](repeating: 0, count: 100), as: name) == 0)
      #expect(isThere(name) && isThere(self.name(year: 2001)), "\(name)")
      #expect(isThere(self.name(year: 2999, 1)) == (index == 0) && !isThere(self.name(year: 2999)), "\(name)")
    }
  }

  /// - Parameter leastFiles: the disk has room when the folder has no more than these.
  private func fullDisk(_ leastFiles: Int) throws -> SaveFolder {
    for number in 0..<8 { try folder.write([UInt8](repeating: 0, count: 100), to: name(year: 2001, number)) }
    return try SaveFolder(folder.path, limit_bytes: .max) { [self] path, bytes in
      guard (0..<8).filter({ isThere(name(year: 2001, $0)) }).count <= leastFiles else { return ENOSPC }
      return writeWhole(path: path, bytes: bytes)
    }
  }

  @Test func onAFullDiskOldSoundMakesRoomForNew() throws {
    let (saved, new) = (try fullDisk(6), newName)
    #expect(saved.save([UInt8](repeating: 0, count: 250), as: new) == 0 && isThere(new))
    #expect((0..<8).allSatisfy { isThere(name(year: 2001, $0)) == ($0 >= 2) })
  }

  @Test func butNoMoreThanTheNewSoundTakes() throws {
    let (saved, new) = (try fullDisk(0), newName)
    #expect(saved.save([UInt8](repeating: 0, count: 250), as: new) == ENOSPC && !isThere(new))
    #expect((0..<8).allSatisfy { isThere(name(year: 2001, $0)) == ($0 >= 3) })
  }

  @Test func whatAnotherListenerSavedUnderTheSameNameStays() throws {
    let (saved, new) = (try SaveFolder(folder.path, limit_bytes: .max), newName)
    try folder.write("another's", to: new)
    #expect(saved.save([1, 2, 3], as: new) == EEXIST)
    #expect(try folder.read(new) == "another's" && !isThere(new + ".part"))
  }

  /// A file that lacks its beginning, or holds nothing, would pass for a word.
  @Test func soundThatWasWrittenOverIsLost() throws {
    let ring = SoundRing()
    let block = [Int16](repeating: 7, count: ListenLoop.block_samples)
    while ring.writtenCount < SoundRing.capacity_samples + 40_000 { block.withUnsafeBufferPointer { ring.write($0) } }
    var said: [String] = []
    let sink = SaveSink(
      folder: try SaveFolder(folder.path, limit_bytes: .max), ring: ring, words: ["yes"], say: { said.append($0) })
    let end = ring.writtenCount
    for position in [10_000, 41_000, 73_000, end - 100] {
      try sink.write(.keyword(KeywordEvent(word: 0, score_q15: 16_384, position: position)))
    }
    sink.finish(isInterrupted: false)
    #expect(sink.savedCount == 2 && sink.lostCount == 2)
    #expect(said.count == 1 && said[0].contains("its sound was written over"), "\(said)")
  }
}
