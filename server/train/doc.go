// Package train teaches a detector's classifier: residual windows in, the
// probability of "anomalous" a block out (METHOD sections 4 to 7).
//
// Its words:
//
//   - Supervision: Un learns from normal pictures and simulated defects, Sup
//     from block labels of a few real defects too, Semi from their boxes only.
//   - A residual belongs to one block: the signed difference between a bank row
//     near the block's feature and the feature (METHOD section 3). Everything
//     random (neighbour, noise, mixing, dropout) is done to signed residuals;
//     the graph squares them, or takes their absolute value, afterwards.
//   - A window is Window x Window blocks of one picture.
//   - A batch holds windows with a target and two weights a block: one in the
//     labelled loss, one in the unlabelled loss. A weight of zero leaves the
//     block out.
//   - A step is one run of one ONNX graph: forward, backward and AdamW.
//
// Everything random comes from one generator whose state is in every
// checkpoint, so a run that was killed goes on as if it had not been.
package train
