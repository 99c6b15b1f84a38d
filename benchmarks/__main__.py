"""Run all benchmarks: `python -m benchmarks`."""

from benchmarks import bench_plots, bench_programming, bench_record, bench_solver, bench_window, bench_wire

for benchmark in (bench_solver, bench_wire, bench_programming, bench_record, bench_plots, bench_window):
    benchmark.main()
