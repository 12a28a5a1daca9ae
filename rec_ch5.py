"""rec_ch5.py NAME...: make records of chapter 5 from the cells of the notebook, in laptop mode (run in the worktree)."""
import ast, json, os, sys, time
from pathlib import Path
import nbformat
import gan_helpers as gh
gh.setup(seed=5)
from gan_helpers.core.recorded import RECORDS, digest
cells = {c.id: c.source for c in nbformat.read("notebooks/05_training_tips.ipynb", 4).cells if c.cell_type == "code"}
CONTEST = ["t003", "t005", "l7b", "r1b", "r2", "r3", "r4", "r5"]
WHICH = {"05_cures": ("cures", ["t003", "t005", "y2", "y10", "y11"]),
         "05_signal": ("signal", ["t003", "t005", "l7b", "s1", "s1b"]),
         "05_ring_contest": ("ring_contest", CONTEST), "05_digit_contest": ("digit_contest", CONTEST),
         "05_tips": ("tips", ["t003", "r1b", "p2", "p3", "p4", "p5", "p6"])}
space, done = {"gh": gh}, set()
for name in sys.argv[1:]:
    function, needed = WHICH[name]
    for c in needed:
        body = "\n".join(l for l in cells[c].split("\n") if "gh.recorded(" not in l)
        for n in ast.parse(body).body:
            if getattr(n, "name", None) == function:
                source = ast.get_source_segment(body, n)
        if c not in done:
            exec(compile(body, c, "exec"), space)
            done.add(c)
    began = time.time()
    result = space[function]()
    path = Path(RECORDS) / f"{name}.json"
    path.write_text(json.dumps({"code": digest(source), "result": result}, indent=1, default=float) + "\n")
    print(name, round(time.time() - began), "s", path.stat().st_size, flush=True)
