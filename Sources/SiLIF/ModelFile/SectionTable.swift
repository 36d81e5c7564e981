/// The outer shell of a model file: header, checksum, section table (docs/MODEL-FORMAT.md, "Header").
///
/// Twins: tools/silif_tools/model_file/read.py, tools/silif_tools/model_file/write.py, docs/MODEL-FORMAT.md
struct SectionTable {
  /// Four ASCII letters, read as a little-endian word.
  enum Tag: UInt32 {
    case network = 0x5754_454E  // NETW
    case layer = 0x5259_414C  // LAYR
    case frontEnd = 0x544E_5246  // FRNT
    case words = 0x4452_4F57  // WORD
    case detector = 0x5443_5444  // DTCT
    case provenance = 0x564F_5250  // PROV
    case selfTest = 0x5453_4554  // TEST
    case sampling = 0x4C50_4D53  // SMPL
    case calibration = 0x424C_4143  // CALB
    case clips = 0x5049_4C43  // CLIP
  }

  static let magic: UInt64 = 0x0A0D_4649_4C69_5389  // \x89 S i L I F \r \n
  static let version = 1
  static let headerBytes = 32
  static let entryBytes = 16
  static let maximumBytes = 64 << 20
  static let maximumSections = 64
  static let alignment = 16

  /// The tags of which a file has one at most, one after the other.
  private static var single: StaticString { "NETWWORDDTCTFRNTSMPLCLIPTESTPROV" }

  private let file: UnsafeRawBufferPointer
  let count: Int

  /// Checks everything about the shell: length, checksum, that every section lies inside the file, aligned, in order
  /// and apart from the others, and that none is there twice of which one is read.
  @_optimize(size)
  init(file: UnsafeRawBufferPointer) throws(ModelError) {
    self.file = file
    var reader = ByteReader(file)
    guard try reader.read(UInt64.self, "magic") == SectionTable.magic else { throw ModelError(.notAModel, "magic") }
    let version = try reader.read(UInt16.self, "format_version")
    guard version == SectionTable.version else {
      throw ModelError(.unsupportedVersion, "format_version", value: Int64(version))
    }
    count = try reader.read(UInt16.self, "section_count", in: 1...SectionTable.maximumSections)
    let length = try reader.read(UInt32.self, "total_length")
    guard length <= SectionTable.maximumBytes else {
      throw ModelError(.outOfRange, "total_length", value: Int64(length))
    }
    guard file.count >= Int(length) else { throw ModelError(.truncated, "total_length", value: Int64(length)) }
    guard file.count == Int(length) else { throw ModelError(.inconsistent, "total_length", value: Int64(length)) }
    // Tables are used in place as 32-bit words, so the file itself must sit on a word.
    guard let base = file.baseAddress, UInt(bitPattern: base) % 16 == 0 else {
      throw ModelError(.inconsistent, "file address")
    }
    let checksum = try reader.read(UInt32.self, "crc32")
    guard file.count >= SectionTable.headerBytes + count * SectionTable.entryBytes else {
      throw ModelError(.truncated, "section_table")
    }
    var crc = CRC32()
    crc.update(UnsafeRawBufferPointer(rebasing: file[..<16]))
    crc.update(UnsafeRawBufferPointer(rebasing: file[20...]))
    guard crc.value == checksum else { throw ModelError(.damaged, "crc32", value: Int64(checksum)) }

    var end = SectionTable.headerBytes + count * SectionTable.entryBytes
    for index in 0..<count {
      let entry = rawEntry(index)
      guard entry.offset % SectionTable.alignment == 0, entry.offset >= end else {
        throw ModelError(.inconsistent, "section_offset", value: Int64(entry.offset))
      }
      guard entry.offset <= file.count, entry.length <= file.count - entry.offset else {
        throw ModelError(.outOfRange, "section_length", value: Int64(entry.length))
      }
      end = entry.offset + entry.length
    }
    let tags = UnsafeRawBufferPointer(
      start: SectionTable.single.utf8Start, count: SectionTable.single.utf8CodeUnitCount)
    for at in stride(from: 0, to: tags.count, by: 4) {
      let tag = tags.loadUnaligned(fromByteOffset: at, as: UInt32.self)
      if let again = index(of: tag, ordinal: 1) { throw ModelError(.inconsistent, "tag", value: Int64(again)) }
    }
  }

  /// Where in the table the `ordinal`-th section with this tag is, or nil.
  private func index(of tag: UInt32, ordinal: Int) -> Int? {
    var left = ordinal
    for index in 0..<count where rawEntry(index).tag == tag {
      if left == 0 { return index }
      left -= 1
    }
    return nil
  }

  /// The `ordinal`-th section with this tag, or nil.
  @inline(never)
  func section(_ tag: Tag, ordinal: Int = 0) -> UnsafeRawBufferPointer? {
    guard let index = index(of: tag.rawValue, ordinal: ordinal) else { return nil }
    let entry = rawEntry(index)
    return UnsafeRawBufferPointer(rebasing: file[entry.offset..<entry.offset + entry.length])
  }

  func requiredSection(
    _ tag: Tag, _ field: StaticString, ordinal: Int = 0
  ) throws(ModelError) -> UnsafeRawBufferPointer {
    guard let section = section(tag, ordinal: ordinal) else { throw ModelError(.missing, field) }
    return section
  }

  /// Offsets and lengths above 2^31 turn into an absurd but non-negative Int on every platform, so the checks see them.
  private func rawEntry(_ index: Int) -> (tag: UInt32, offset: Int, length: Int) {
    let start = SectionTable.headerBytes + index * SectionTable.entryBytes
    func word(_ at: Int) -> UInt32 {
      UInt32(littleEndian: file.loadUnaligned(fromByteOffset: start + at, as: UInt32.self))
    }
    let cap = UInt32(SectionTable.maximumBytes) * 2
    return (word(0), Int(min(word(4), cap)), Int(min(word(8), cap)))
  }
}
