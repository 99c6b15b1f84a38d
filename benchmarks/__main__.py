"""Run all benchmarks: `python -m benchmarks`."""

from benchmarks import bench_programming, bench_solver, bench_wire

for benchmark in (bench_solver, bench_wire, bench_programming):
    benchmark.main()
