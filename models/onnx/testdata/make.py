"""Makes foreign.onnx with the onnx package, and checks written.onnx, which
`go test ./models/onnx -update` wrote. Run with onnx installed: python make.py
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, None])
y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3, 4])
init = [
    numpy_helper.from_array(np.arange(6, dtype=np.float32).reshape(2, 3), "raw"),
    helper.make_tensor("floats", TensorProto.FLOAT, [2], [1.5, -2.0]),
    helper.make_tensor("doubles", TensorProto.DOUBLE, [2], [1.5, -2.0]),
    helper.make_tensor("longs", TensorProto.INT64, [3], [-1, 0, 2**40]),
    helper.make_tensor("ints", TensorProto.INT32, [2], [-7, 7]),
    helper.make_tensor("bytes", TensorProto.UINT8, [3], [0, 128, 255]),
    helper.make_tensor("bools", TensorProto.BOOL, [2], [True, False]),
    helper.make_tensor("scalar", TensorProto.FLOAT, [], [3.0]),
]
node = helper.make_node("Conv", ["x", "raw"], ["y"], name="conv", kernel_shape=[3, 3], auto_pad="SAME_UPPER")
other = helper.make_node("Thing", ["x", "", "raw"], ["z"], domain="com.example", alpha=0.5, betas=[1.0, 2.0], names=["a", "b"], value=init[0])
model = helper.make_model(helper.make_graph([node, other], "foreign", [x], [y], init), producer_name="onnx",
                          producer_version="1", opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("com.example", 2)])
model.doc_string = "made by make.py"
helper.set_model_props(model, {"key": "value", "more": "größer"})
onnx.save(model, "foreign.onnx")

written = onnx.load("written.onnx")
onnx.checker.check_model(written, full_check=True)
assert {p.key: p.value for p in written.metadata_props} == {"a": "1", "b": "zwei"}, written.metadata_props
assert written.ir_version == 8 and written.opset_import[0].version == 18
assert written.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "n"
assert written.graph.output[0].type.tensor_type.shape.dim[0].dim_param == "n"
np.testing.assert_array_equal(numpy_helper.to_array(written.graph.initializer[0]), np.float32([[1, 2], [3, 4], [5, 6]]))
from onnx.reference import ReferenceEvaluator

out = ReferenceEvaluator(written).run(None, {"x": np.float32([[1, 0, 1], [0, 1, 0]])})
np.testing.assert_array_equal(out[0], np.float32([[6, 8], [3, 4]]))
print("written.onnx is valid, its result right")
