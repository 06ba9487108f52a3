"""How much `import aspfin` and the command line cost beyond pandas: medians of fresh interpreters."""

import statistics
import subprocess
import sys
import time

CASES = (
    ("python alone", "pass"),
    ("import pandas", "import pandas"),
    ("import pandas, aspfin", "import pandas, aspfin"),
    ("import pandas, aspfin.financing", "import pandas, aspfin.financing"),
    ("import pandas, aspfin.programmes", "import pandas, aspfin.programmes"),
    ("aspfin --help", "import sys; sys.argv = ['aspfin', '--help']; from aspfin.cli import main; main()"),
)
ROUNDS = 7


def seconds(code: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    times: dict[str, list[float]] = {name: [] for name, _ in CASES}
    for _ in range(ROUNDS):  # turn and turn about, so that a busy moment hits every case alike
        for name, code in CASES:
            times[name].append(seconds(code))
    pandas = statistics.median(times["import pandas"])
    print(f"| fresh interpreter, median of {ROUNDS} | seconds | beyond pandas |")
    print("|---|---:|---:|")
    for name, _ in CASES:
        median = statistics.median(times[name])
        beyond = f"{median - pandas:+.2f}" if "pandas," in name else ""
        print(f"| {name} | {median:.2f} | {beyond} |")


if __name__ == "__main__":
    main()
