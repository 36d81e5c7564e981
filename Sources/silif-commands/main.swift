// One executable for all commands, which tells them apart by the name that it is called by: installed, the Swift runtime that it
// contains is there once, and the other names are links to it.
import CommandSupport
import Glibc
import kws_bench
import kws_listen
import kws_model
import kws_score

let path = CommandLine.arguments.first ?? ""
switch path.split(separator: "/").last ?? "" {
case "kws-listen": kws_listen.Command.main()
case "kws-score": kws_score.Command.main()
case "kws-model": kws_model.Command.main()
case "kws-bench": kws_bench.Command.main()
default:
  Diagnostics.say(
    "call it by the name of a command: kws-listen, kws-score, kws-model or kws-bench, each a link to this file",
    command: "silif-commands")
  exit(2)
}
