import FixedPoint

/// Four Stockham stages of radix 4, decimation in frequency, unscaled: the result is in order after them.
///
/// The caller guarantees that the magnitudes of the 256 inputs add up to less than 2^31 - 2^16. Every value between the
/// stages is a sum of some of the inputs, turned, so it and both its parts stay below 2^31. A turn adds an error below 3
/// (its own rounding and that of its root), which each later stage at most quadruples: less than 2^8 in the end, well
/// within the 2^16. Products of a part below 2^31 and a root of at most 2^30 add up to at most 2^62.
///
/// - Parameters:
///   - data: 256 real parts, then 256 imaginary parts; replaced by the transform.
///   - scratch: as large.
@_noAllocation @_noLocks
func transformComplex256(
  _ data: UnsafeMutablePointer<Int32>, scratch: UnsafeMutablePointer<Int32>, twiddles: UnsafePointer<Int32>
) {
  firstStage(from: data, to: scratch, twiddles)
  middleStage(from: scratch, to: data, twiddles, run: 4)
  middleStage(from: data, to: scratch, twiddles, run: 16)
  lastStage(from: scratch, to: data)
}

/// Four complex values.
private struct Quad {
  var re0, re1, re2, re3: Int32
  var im0, im1, im2, im3: Int32

  @_noAllocation @_noLocks @inline(__always)
  init(_ from: UnsafePointer<Int32>, _ t: Int) {
    re0 = from[t]
    re1 = from[t &+ 64]
    re2 = from[t &+ 128]
    re3 = from[t &+ 192]
    im0 = from[t &+ 256]
    im1 = from[t &+ 320]
    im2 = from[t &+ 384]
    im3 = from[t &+ 448]
  }

  /// The transform of four points.
  @_noAllocation @_noLocks @inline(__always)
  mutating func transform() {
    let sumRe = re0 &+ re2
    let sumIm = im0 &+ im2
    let differenceRe = re0 &- re2
    let differenceIm = im0 &- im2
    let sum2Re = re1 &+ re3
    let sum2Im = im1 &+ im3
    let difference2Re = re1 &- re3
    let difference2Im = im1 &- im3
    re0 = sumRe &+ sum2Re
    im0 = sumIm &+ sum2Im
    re1 = differenceRe &+ difference2Im
    im1 = differenceIm &- difference2Re
    re2 = sumRe &- sum2Re
    im2 = sumIm &- sum2Im
    re3 = differenceRe &- difference2Im
    im3 = differenceIm &+ difference2Re
  }

  @_noAllocation @_noLocks @inline(__always)
  func store(_ to: UnsafeMutablePointer<Int32>, _ t: Int, stride: Int) {
    to[t] = re0
    to[t &+ stride] = re1
    to[t &+ 2 &* stride] = re2
    to[t &+ 3 &* stride] = re3
    to[t &+ 256] = im0
    to[t &+ 256 &+ stride] = im1
    to[t &+ 256 &+ 2 &* stride] = im2
    to[t &+ 256 &+ 3 &* stride] = im3
  }
}

/// The three roots of one butterfly.
private struct Roots {
  let cos1, sin1, cos2, sin2, cos3, sin3: Int32

  @_noAllocation @_noLocks @inline(__always)
  init(_ twiddles: UnsafePointer<Int32>, _ p: Int) {
    cos1 = twiddles[p]
    sin1 = twiddles[p &+ 64]
    cos2 = twiddles[p &+ 128]
    sin2 = twiddles[p &+ 192]
    cos3 = twiddles[p &+ 256]
    sin3 = twiddles[p &+ 320]
  }
}

@_noAllocation @_noLocks @inline(__always)
private func turnedRe(_ re: Int32, _ im: Int32, _ cos: Int32, _ sin: Int32) -> Int32 {
  roundedShiftToInt32(product(re, cos) &- product(im, sin), rightBy: 30)
}

@_noAllocation @_noLocks @inline(__always)
private func turnedIm(_ re: Int32, _ im: Int32, _ cos: Int32, _ sin: Int32) -> Int32 {
  roundedShiftToInt32(product(re, sin) &+ product(im, cos), rightBy: 30)
}

extension Quad {
  @_noAllocation @_noLocks @inline(__always)
  mutating func turn(_ roots: Roots) {
    (re1, im1) = (turnedRe(re1, im1, roots.cos1, roots.sin1), turnedIm(re1, im1, roots.cos1, roots.sin1))
    (re2, im2) = (turnedRe(re2, im2, roots.cos2, roots.sin2), turnedIm(re2, im2, roots.cos2, roots.sin2))
    (re3, im3) = (turnedRe(re3, im3, roots.cos3, roots.sin3), turnedIm(re3, im3, roots.cos3, roots.sin3))
  }
}

@_noAllocation @_noLocks
private func firstStage(
  from: UnsafePointer<Int32>, to: UnsafeMutablePointer<Int32>, _ twiddles: UnsafePointer<Int32>
) {
  for p in 0..<64 {
    var quad = Quad(from, p)
    quad.transform()
    quad.turn(Roots(twiddles, p))
    quad.store(to, 4 &* p, stride: 1)
  }
}

/// - Parameter run: neighbours that share their roots.
@_noAllocation @_noLocks
private func middleStage(
  from: UnsafePointer<Int32>, to: UnsafeMutablePointer<Int32>, _ twiddles: UnsafePointer<Int32>, run: Int
) {
  // The first block's roots are all 1.
  for q in 0..<run {
    var quad = Quad(from, q)
    quad.transform()
    quad.store(to, q, stride: run)
  }
  var t = run
  while t < 64 {
    let roots = Roots(twiddles, t)
    for q in 0..<run {
      var quad = Quad(from, t &+ q)
      quad.transform()
      quad.turn(roots)
      quad.store(to, 4 &* t &+ q, stride: run)
    }
    t &+= run
  }
}

@_noAllocation @_noLocks
private func lastStage(from: UnsafePointer<Int32>, to: UnsafeMutablePointer<Int32>) {
  for q in 0..<64 {
    var quad = Quad(from, q)
    quad.transform()
    quad.store(to, q, stride: 64)
  }
}
