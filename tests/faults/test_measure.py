import time
from tests.faults import driver
def test_measure(bench):
    for n in range(2):
        t=time.time(); code = bench.run(driver.rehearse, orders={"rehearsal_turn.after": "kill"}); print("KILL", code, round(time.time()-t,2))
    t=time.time(); code = bench.run(driver.rehearse); print("REST", code, round(time.time()-t,2))
    print(bench.tail())
