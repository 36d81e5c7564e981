// swift-tools-version: 6.0
import PackageDescription

// Arrows point one way: commands -> audio input -> spotter -> front end, engine -> fixed-point arithmetic.
// SiLIF and LogMel import FixedPoint and the kernels in C, nothing else, not even Foundation, and also compile as Embedded
// Swift (`make embedded`).
let package = Package(
  name: "silif",
  products: [
    .library(name: "SiLIF", targets: ["SiLIF"]),
    .library(name: "LogMel", targets: ["LogMel"]),
    .library(name: "KeywordSpotter", targets: ["KeywordSpotter", "SpotterHost"]),
    .library(name: "AudioInput", targets: ["AudioInput"]),
    .executable(name: "kws-listen", targets: ["silif-commands"]),
    .executable(name: "kws-score", targets: ["silif-commands"]),
    .executable(name: "kws-model", targets: ["silif-commands"]),
    .executable(name: "kws-bench", targets: ["silif-commands"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.2.0")
  ],
  targets: [
    // Rounding, saturation and wide products, for all that compute in integers. Imports nothing.
    .target(name: "FixedPoint"),
    // Names of files that are no UTF-8. Imports nothing.
    .target(name: "FileNames"),
    // Which inner loops to compute with: those in Swift, or a set of those in C.
    .target(name: "Kernels", dependencies: ["CKernels"]),
    // The engine: neuron kinds, delay rings, network step, model reader.
    .target(name: "SiLIF", dependencies: ["FixedPoint", "Kernels", "CKernels"]),
    // Twins in C of the inner loops, a table of functions for each instruction set: AVX2, AVX-512, and what the C compiler makes
    // of NEON and SSE2.
    .target(name: "CKernels", cSettings: [.define("_FORTIFY_SOURCE", to: "2", .when(configuration: .release))]),
    // The front end: PCM -> log-mel frames, integer, streaming.
    .target(name: "LogMel", dependencies: ["FixedPoint", "Kernels", "CKernels"]),
    // Front end + network + smoothing + detection: one state machine for live and for files. Compiles as Embedded Swift.
    .target(name: "KeywordSpotter", dependencies: ["Kernels", "SiLIF", "LogMel"]),
    // What needs an operating system and a heap: model files, the detector's settings, clips.
    .target(name: "SpotterHost", dependencies: ["KeywordSpotter", "Kernels", "SiLIF", "LogMel", "FileNames"]),
    // The C interface to all of these: silif.h and its functions. `make lib` builds it as Embedded Swift.
    .systemLibrary(name: "CSiLIF"),
    .target(name: "SiLIFC", dependencies: ["CSiLIF", "KeywordSpotter", "SiLIF", "LogMel", "FixedPoint"]),
    // ALSA capture, sound files, standard input; one resampler and mixer for all of them.
    .target(name: "AudioInput", dependencies: ["FixedPoint", "FileNames", "CALSA", "CSndFile"]),
    .systemLibrary(name: "CALSA", pkgConfig: "alsa", providers: [.apt(["libasound2-dev"])]),
    .systemLibrary(name: "CSndFile", pkgConfig: "sndfile", providers: [.apt(["libsndfile1-dev"])]),
    // What several commands share: model look-up, exit codes, text and JSON output. What one alone uses lies with it.
    .target(
      name: "CommandSupport",
      dependencies: [
        "SpotterHost", "KeywordSpotter", "AudioInput", "FileNames",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .target(name: "kws-listen", dependencies: ["CommandSupport"]),
    .target(name: "kws-score", dependencies: ["CommandSupport"]),
    .target(name: "kws-model", dependencies: ["CommandSupport"]),
    .target(name: "kws-bench", dependencies: ["CommandSupport"]),
    // All commands in one executable, told apart by its name.
    .executableTarget(
      name: "silif-commands", dependencies: ["kws-listen", "kws-score", "kws-model", "kws-bench", "CommandSupport"]),
    // What the tests share: a seeded generator, a temporary folder, models and sound.
    .target(name: "TestSupport", dependencies: ["FileNames"], path: "Tests/TestSupport"),
    .testTarget(name: "FixedPointTests", dependencies: ["FixedPoint"]),
    .testTarget(
      name: "SiLIFTests", dependencies: ["TestSupport", "SiLIF", "Kernels", "FixedPoint"], exclude: ["Golden"]),
    .testTarget(
      name: "LogMelTests", dependencies: ["TestSupport", "LogMel", "Kernels", "CKernels"], exclude: ["Golden"]),
    .testTarget(
      name: "KeywordSpotterTests", dependencies: ["TestSupport", "KeywordSpotter", "SpotterHost", "SiLIF"],
      exclude: ["Golden"]),
    .testTarget(
      name: "SiLIFCTests",
      dependencies: ["TestSupport", "CSiLIF", "SiLIFC", "SpotterHost", "KeywordSpotter", "SiLIF"]),
    .testTarget(name: "AudioInputTests", dependencies: ["TestSupport", "AudioInput", "CSndFile"], exclude: ["Golden"]),
    // The Swift examples on the libraries' first pages (*.docc).
    .testTarget(
      name: "ExampleTests", dependencies: ["AudioInput", "SpotterHost", "KeywordSpotter", "LogMel", "SiLIF"]),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "TestSupport", "silif-commands", "kws-listen", "kws-score", "kws-model", "kws-bench", "CommandSupport",
        "SpotterHost",
        "KeywordSpotter", "SiLIF", "AudioInput", "FileNames",
      ]),
  ],
  swiftLanguageModes: [.v6]
)

// The libraries and their tests alone, without the commands: half of what sanitizers would have to build (.ci/run).
if Context.environment["SILIF_LIBRARIES"] != nil {
  package.products.removeAll { $0.name.hasPrefix("kws-") }
  package.dependencies = []
  package.targets.removeAll { target in
    target.type == .executable || target.name.hasPrefix("kws-")
      || ["CommandSupport", "CommandTests", "ExampleTests"].contains(target.name)
  }
}

// `make fuzz`: the fuzzers of Tests/Fuzz as one static library, instrumented, without the commands' executable and the tests.
if Context.environment["SILIF_FUZZ"] != nil {
  package.products = [.library(name: "SilifFuzz", type: .static, targets: ["Fuzz"])]
  package.targets.removeAll { $0.type == .test || $0.type == .executable }
  package.targets.append(
    .target(
      name: "Fuzz", dependencies: ["kws-score", "CommandSupport", "SpotterHost", "Kernels", "AudioInput"],
      path: "Tests/Fuzz", exclude: ["README.md", "leaks.txt", "planted.patch", "corpus"]))
}
