(* SPDX-License-Identifier: MIT

   System ocaml: OCaml's generational, incremental collector

   The same command line and the same work as the programs in C (see bench/README.md).
   A node is one block of two mutable fields.  The clock counts microseconds, so that
   the shortest pauses read as none. *)

type node = Nil | Node of { mutable a : node; mutable b : node }

type link =
  | End
  | Link of { next : link; mutable previous : link; mutable surprise : link }

let unsupported = 3
let ring_nodes = 10

(* What lives is reachable from here. *)
let root = ref Nil
let living = ref [||]
let window = ref [||]
let kept = ref End

(* ---- clocks, memory, output ------------------------------------------------ *)

let cpu_ns () = Sys.time () *. 1e9
let wall_ns () = Unix.gettimeofday () *. 1e9

let status_bytes key =
  let file = open_in "/proc/self/status" in
  let rec find () =
    let line = input_line file in
    if String.starts_with ~prefix:key line then
      Scanf.sscanf line "%s %f" (fun _ kilobytes -> kilobytes *. 1024.)
    else find ()
  in
  let found = find () in
  close_in file;
  found

let resident_bytes () = status_bytes "VmRSS:"
let peak_bytes () = status_bytes "VmHWM:"

let peak_forget () =
  let file = open_out "/proc/self/clear_refs" in
  output_string file "5";
  close_out file

let report case metric value = Printf.printf "%s %s %.9g\n%!" case metric value

let verify condition what =
  if not condition then begin
    prerr_endline ("the work was not done: " ^ what);
    exit 1
  end

(* ---- pauses: as support/pauses.h, with 64 buckets for each doubling ----------- *)

let steps = 64.
let long_ns = 100_000.
let buckets = Array.make (64 * 44) 0
let samples = ref 0
let longest = ref 0.
let begun = ref 0.
let waited = ref 0.

let waited_ns () =
  let file = open_in "/proc/thread-self/schedstat" in
  let line = input_line file in
  close_in file;
  Scanf.sscanf line "%f %f" (fun _ waited -> waited)

let pauses_begin () =
  waited := waited_ns ();
  begun := wall_ns ()

let pauses_end () =
  let now = wall_ns () in
  let whole = now -. !begun in
  let ns = if whole > long_ns then max 0. (whole -. (waited_ns () -. !waited)) else whole in
  if ns > !longest then longest := ns;
  let bucket = if ns > 1. then int_of_float (steps *. Float.log2 ns) else 0 in
  buckets.(bucket) <- buckets.(bucket) + 1;
  incr samples;
  if whole > long_ns || !samples mod 1024 = 0 then pauses_begin () else begun := now

let percentile_ns share =
  let wanted = share *. float !samples in
  let rec find bucket seen =
    let seen = seen + buckets.(bucket) in
    if float seen >= wanted then bucket else find (bucket + 1) seen
  in
  min (2. ** (float (find 0 0 + 1) /. steps)) !longest

let pauses_report case =
  List.iter
    (fun (metric, share) -> report case ("pause_" ^ metric ^ "_us") (percentile_ns share /. 1e3))
    [ ("p50", 0.5); ("p99", 0.99); ("p999", 0.999); ("p9999", 0.9999); ("p99999", 0.99999) ];
  report case "pause_max_us" (!longest /. 1e3)

(* ---- memory over the work: as support/growth.h ------------------------------- *)

let most_looks = 200
let series = Array.make most_looks 0.
let looks = ref 0
let next_look = ref 0

(* 200 times in all it looks at resident bytes, which is nobody's pause. *)
let series_look finished amount =
  if finished >= !next_look && !looks < most_looks then begin
    series.(!looks) <- resident_bytes ();
    incr looks;
    next_look := amount * !looks / most_looks;
    pauses_begin ()
  end

let series_write case =
  match Sys.getenv_opt "BENCH_SERIES" with
  | None -> ()
  | Some path ->
      let file = open_out_gen [ Open_append; Open_creat ] 0o644 path in
      for i = 0 to !looks - 1 do
        Printf.fprintf file "%s %.4f %.0f\n" case (float i /. float most_looks) series.(i)
      done;
      close_out file

(* ---- the structures ---------------------------------------------------------- *)

let seed = ref 42

let random_below limit =
  seed := ((!seed * 1103515245) + 12345) land 0x7fffffff;
  (!seed * limit) asr 31

let set_a node value = match node with Node fields -> fields.a <- value | Nil -> ()
let set_b node value = match node with Node fields -> fields.b <- value | Nil -> ()
let get_a = function Node fields -> fields.a | Nil -> Nil
let get_b = function Node fields -> fields.b | Nil -> Nil

let rec tree_build levels =
  if levels <= 1 then Node { a = Nil; b = Nil }
  else
    let a = tree_build (levels - 1) in
    let b = tree_build (levels - 1) in
    Node { a; b }

let rec tree_count = function
  | Nil -> 0
  | Node { a; b } -> 1 + tree_count a + tree_count b

let ring_build () =
  let first = Node { a = Nil; b = Nil } in
  let last = ref first in
  for _ = 2 to ring_nodes do
    let node = Node { a = Nil; b = !last } in
    set_a !last node;
    last := node
  done;
  set_a !last first;
  set_b first !last;
  first

let ring_count first =
  let rec walk node count =
    if get_b (get_a node) != node then -1
    else if get_a node == first then count + 1
    else walk (get_a node) (count + 1)
  in
  walk first 0

let rec chain_build first count =
  if count = 0 then first
  else begin
    let made = Link { next = first; previous = End; surprise = End } in
    (match first with Link fields -> fields.previous <- made | End -> ());
    chain_build made (count - 1)
  end

let chain_surprise chain other =
  match chain with Link fields -> fields.surprise <- other | End -> ()

let graph_build count =
  seed := 42;
  living := Array.init count (fun _ -> Node { a = Nil; b = Nil });
  for i = 0 to count - 1 do
    set_a !living.(i) !living.(random_below count);
    set_b !living.(i) !living.(random_below count)
  done

let graph_verify () =
  seed := 42;
  let count = Array.length !living in
  for i = 0 to count - 1 do
    verify (get_a !living.(i) == !living.(random_below count)) "reference a of the graph";
    verify (get_b !living.(i) == !living.(random_below count)) "reference b of the graph"
  done

(* ---- workloads --------------------------------------------------------------- *)

let share full scale = int_of_float (float full *. scale)

let run_trees scale =
  let rec depth_for scale depth =
    if scale <= 0.25 && depth > 6 then depth_for (scale *. 4.) (depth - 2) else depth
  in
  let depth = depth_for scale 16 in
  let start = cpu_ns () in
  let nodes = ref (tree_count (tree_build (depth + 2))) in
  root := tree_build (depth + 1);
  let expected = ref ((2 lsl (depth + 1)) - 1 + (1 lsl (depth + 1)) - 1) in
  for half = 2 to depth / 2 do
    let level = 2 * half in
    let rounds = 1 lsl (depth - level + 4) in
    expected := !expected + (rounds * ((1 lsl (level + 1)) - 1));
    for _ = 1 to rounds do
      nodes := !nodes + tree_count (tree_build (level + 1))
    done
  done;
  nodes := !nodes + tree_count !root;
  verify (!nodes = !expected) "nodes counted";
  report "main" "ns_per_object" ((cpu_ns () -. start) /. float !nodes);
  report "main" "peak_bytes" (peak_bytes ())

let run_tree scale =
  let before = resident_bytes () in
  root := tree_build 20;
  Gc.full_major ();
  report "build" "bytes_per_object" ((resident_bytes () -. before) /. float ((1 lsl 20) - 1));
  let levels = if scale < 1. then 18 else 20 in
  let nodes = (1 lsl levels) - 1 in
  let build = ref 0. and drop = ref 0. in
  for _ = 1 to 5 do
    let start = cpu_ns () in
    root := tree_build levels;
    let built = cpu_ns () in
    verify (tree_count !root = nodes) "nodes of the tree";
    let counted = cpu_ns () in
    root := Nil;
    Gc.full_major ();
    drop := !drop +. cpu_ns () -. counted;
    build := !build +. built -. start
  done;
  report "build" "ns_per_object" (!build /. float (5 * nodes));
  report "drop" "ns_per_object" (!drop /. float (5 * nodes))

let run_list scale =
  let count = share 10_000_000 scale in
  let start = cpu_ns () in
  for _ = 1 to count do
    root := Node { a = !root; b = Nil }
  done;
  report "build" "ns_per_object" ((cpu_ns () -. start) /. float count);
  let rec length node found = if node == Nil then found else length (get_a node) (found + 1) in
  verify (length !root 0 = count) "nodes of the list";
  let start = cpu_ns () in
  root := Nil;
  Gc.full_major ();
  report "drop" "ns_per_object" ((cpu_ns () -. start) /. float count)

let run_rings scale =
  verify (ring_count (ring_build ()) = ring_nodes) "nodes of a ring";
  let rings = share 1_000_000 scale in
  let start = cpu_ns () in
  for _ = 1 to rings do
    root := ring_build ()
  done;
  report "main" "ns_per_object" ((cpu_ns () -. start) /. float (rings * ring_nodes));
  report "main" "peak_bytes" (peak_bytes ())

let live_rings_work case rings =
  seed := 43;
  for i = 0 to rings - 1 do
    let ring = ring_build () in
    if case = "old" then !window.(i mod Array.length !window) <- ring
    else if case = "into" then set_b ring !living.(random_below (Array.length !living));
    root := ring;
    pauses_end ();
    series_look i rings
  done

let run_live_rings case scale =
  if not (List.mem case [ "empty"; "main"; "old"; "into" ]) then exit unsupported;
  let rings = share 2_000_000 scale in
  if case <> "empty" then graph_build (share 5_000_000 scale);
  if case = "old" then
    window := Array.init (max 100 (share 100_000 scale)) (fun _ -> ring_build ());
  peak_forget ();
  let before = resident_bytes () in
  pauses_begin ();
  let start = cpu_ns () in
  live_rings_work case rings;
  let spent = cpu_ns () -. start in
  report case "ns_per_object" (spent /. float (rings * ring_nodes));
  report case "seconds" (spent /. 1e9);
  report case "live_bytes" before;
  report case "extra_bytes" (max 0. (peak_bytes () -. before));
  pauses_report case;
  series_write case;
  graph_verify ();
  Array.iter (fun ring -> verify (ring_count ring = ring_nodes) "nodes of a kept ring") !window

let run_full scale =
  graph_build (share 5_000_000 scale);
  Gc.full_major ();
  let start = cpu_ns () in
  Gc.major ();
  report "main" "seconds" ((cpu_ns () -. start) /. 1e9);
  report "main" "peak_bytes" (peak_bytes ());
  graph_verify ()

let run_shannon scale =
  let head = chain_build End 10_000 in
  let chains = max 20 (share 20_000_000 scale / 5001) in
  kept := chain_build End 5001;
  chain_surprise !kept head;
  peak_forget ();
  let before = resident_bytes () in
  let start = cpu_ns () in
  for _ = 1 to chains do
    kept := chain_build End 5001;
    chain_surprise !kept head
  done;
  report "main" "ns_per_object" ((cpu_ns () -. start) /. float (chains * 5001));
  report "main" "live_bytes" before;
  report "main" "extra_bytes" (max 0. (peak_bytes () -. before))

let run_bulk scale =
  let count = share 15_000_000 scale in
  let before = resident_bytes () in
  let start = cpu_ns () in
  living := Array.init count (fun _ -> Node { a = Nil; b = Nil });
  report "main" "seconds" ((cpu_ns () -. start) /. 1e9);
  report "main" "live_bytes" (resident_bytes () -. before);
  verify (Array.length !living = count) "objects of the array"

let workloads =
  [ ("trees", run_trees); ("tree", run_tree); ("list", run_list); ("rings", run_rings);
    ("full", run_full); ("shannon", run_shannon); ("bulk", run_bulk) ]

let () =
  let argument i otherwise = if Array.length Sys.argv > i then Sys.argv.(i) else otherwise in
  let case = argument 2 "all" and scale = float_of_string (argument 3 "1") in
  match argument 1 "" with
  | "version" -> print_endline Sys.ocaml_version
  | "live-rings" -> run_live_rings case scale
  | workload when List.mem_assoc workload workloads && List.mem case [ "all"; "main" ] ->
      List.assoc workload workloads scale
  | _ -> exit unsupported
