"""Writes the .npy fixtures with NumPy itself (any version >= 1.14)."""
import os
import numpy as np
from numpy.lib import format as f

here = os.path.dirname(os.path.abspath(__file__))
a = (np.arange(24, dtype=np.float32).reshape(2, 3, 4) - 7.5) / 4
for version in (1, 2, 3):
    with open(f"{here}/f32_v{version}.npy", "wb") as out:
        f.write_array(out, a, version=(version, 0))
np.save(f"{here}/u8.npy", np.arange(12, dtype=np.uint8).reshape(3, 4))
np.save(f"{here}/bool.npy", np.array([True, False, True]))
np.save(f"{here}/scalar.npy", np.float32(1.5))
np.save(f"{here}/empty.npy", np.zeros((0, 3), np.float32))
np.save(f"{here}/fortran.npy", np.asfortranarray(a))
np.save(f"{here}/f64.npy", a.astype(np.float64))
