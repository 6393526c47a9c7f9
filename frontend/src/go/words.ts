// Written by frontend/build from Go's constants: change those and run 'make wasm'.

/** annot.Tool is what a person labels with; time is kept for each. */
export const Tool = {
  select: 0, // choosing, moving, resizing, looking
  box: 1,
  rotated: 2, // rotated boxes
  block8: 3,
  block16: 4,
  brush: 5,
  polygon: 6,
  eraser: 7,
  normal: 8, // 'this picture is normal'
  propose: 9, // accepting and correcting what a detector proposed
  clicks: 10, // clicks that a region grows from
} as const;
export type Tool = keyof typeof Tool;

/** desk.Act is what a key or a button of the page asks of a desk. */
export const Act = {
  undo: 0,
  redo: 1,
  normal: 2, // sets or clears 'this picture is normal'
  clear: 3, // takes everything away
  delete: 4, // the selected shape, or the last point of a polygon that is being drawn
  cancel: 5, // what is under way; else selects nothing
  confirm: 6, // ends what is being drawn; accepts a selected proposal; else selects nothing
  step: 7, // selects the next shape (a = 1) or the one before (-1); NothingToDo past the ends
  create: 8, // a box in the middle of the view
  arrow: 9, // moves the selected shape by (a, b) picture pixels, or else the cursor by CSS pixels
  grow: 10, // resizes the selected shape by (a, b) picture pixels
  turn: 11, // turns the selected shape by a degrees
  press: 12, // presses at the cursor with the keys a held, or releases
  propose: 13, // boxes where the heat map reaches a
  blocks: 14, // labels the blocks where the heat map reaches a
  accept: 15, // the selected proposal, or else all
  dismiss: 16, // the same, taken away
  fill: 17, // turns the selected shape into marked pixels
  rename: 18, // gives the selected shape the name that is set
  take: 19, // makes the grown region a label, as a says (see As)
} as const;
export type Act = keyof typeof Act;

/** desk.Outcome is what came of it, for the page to put into words. */
export const Outcome = {
  silent: 0, // nothing to be told
  nothingToDo: 1, // there was nothing to do it to
  done: 2, // as asked
  added: 3, // a shape was drawn
  moved: 4, // a shape was moved, resized, turned
  chosen: 5, // another shape is selected, or none
  stroked: 6, // pixels or blocks were painted or erased
  deleted: 7,
  pointed: 8, // a polygon has a point more or less
  pressed: 9, // the keyboard holds the pointer down
  tooSmall: 10, // no shape: it has no area in the picture
  full: 11, // the picture holds as many labels as it can
  noMap: 12, // there is no heat map
  cold: 13, // nothing in the heat map is as hot as asked
  accepted: 14,
  dismissed: 15,
  grown: 16, // a region has a click more or less
  noDefect: 17, // a region begins with a click on a defect
  noPicture: 18, // the desk was not given the picture
} as const;
export type Outcome = keyof typeof Outcome;

/** desk.As is what a grown region is accepted as. */
export const As = {
  pixels: 0,
  blocks: 1, // of 8 pixels of the detector's input: those at least half in the region
  box: 2, // the upright box about it, of the kind that is set
} as const;
export type As = keyof typeof As;

/** desk.Style says how a line of a layer is drawn. */
export const Style = {
  box: 0, // a box that counts
  polygon: 1, // a polygon that counts: outlined and faintly filled
  proposed: 2, // a proposal
  selected: 3, // the selected shape
  hover: 4, // the shape that a click would select
  drawn: 5, // what is being drawn
  open: 6, // the same, not closed
  handle: 7, // squares to pull at
  stem: 8, // from a box to its handle for turning
  brush: 9, // the brush's circle: one point and a radius
  cross: 10, // the keyboard's cursor: one point
  cell: 11, // the block under the cursor
  point: 12, // a polygon's first point, a click on a defect: one point
  not: 13, // a click on what is none: one point
} as const;
export type Style = keyof typeof Style;

/** desk.Keys are those held while the pointer works. */
export const Keys = {
  shift: 1, // even: proportions, steps of 15 degrees; blocks: normal; clicks: no defect
  other: 2, // Ctrl, Command or Alt: no snapping; brushes: erase; clicks: no defect
} as const;
export type Keys = keyof typeof Keys;

/** desk.SmallBlock */
export const smallBlock = 8;

/** wasm.question is what the page asks of a desk, by number. */
export const Ask = {
  open: 0, // w, h, stored or null: "" or why the labels cannot be used
  close: 1, // forgets the desk
  replace: 2, // stored: "" or why not
  stored: 3, // the labels' stored form
  look: 4, // x, y, scale, w, h
  tool: 5, // number
  settings: 6, // radius, snap, rows, cols, name: a detector's grid of 8-pixel blocks, 0 where none is known
  scores: 7, // rows, cols, block, values
  rest: 8, // stops the clock
  state: 9, // numbers, to be filled: the selected shape's name
  down: 10, // x, y, keys, now
  move: 11, // x, y, keys, now
  up: 12, // x, y, keys, now: an outcome
  leave: 13,
  cancel: 14,
  twice: 15, // x, y: an outcome
  do: 16, // act, a, b, now: an outcome
  lines: 17, // x, y, w, h and then the lines, or undefined
  live: 18, // lines
  ink: 19, // into: [x, y, w, h, blank], or undefined; into(length) gives the array for the pixels
  merge: 20, // base or null, mine, theirs: the joined labels' stored form, or undefined
  picture: 21, // RGBA of askGrid's size: what regions grow in
  grid: 22, // [w, h]
  upright: 23, // head of a file: [orientation, head that hides it from the browser], or undefined where it is upright
} as const;
export type Ask = keyof typeof Ask;

/** wasm.place is where a number of a desk's state stands among those that the page reads. */
export const At = {
  revision: 0,
  busy: 1,
  canUndo: 2,
  canRedo: 3,
  normal: 4,
  labelled: 5,
  shapes: 6,
  proposed: 7,
  pixels: 8,
  blocks: 9,
  points: 10,
  clicks: 11,
  grown: 12,
  focusX: 13,
  focusY: 14,
  place: 15,
  shapeID: 16, // of the selected shape, 0 for none; what follows is its
  shapeProposed: 17,
  shapePoints: 18,
  x: 19, // of its upright bounds, the left top
  y: 20,
  w: 21, // its own size
  h: 22,
  angle: 23,
  spent: 24, // by tool, milliseconds
  end: 35, // how many numbers there are
} as const;
export type At = keyof typeof At;

/** wasm.headSize holds nearly every header; more is read where it does not. */
export const headSize = 262144;

/** client.Order is how pictures are listed. */
export const Order = {
  byScore: 0, // the highest first, then those without a score yet, then the failed
  byName: 1, // numbers in names by their value
  asAdded: 2,
} as const;
export type Order = keyof typeof Order;

/** client.State is where a picture stands. */
export type PictureState = "waiting" | "preparing" | "scoring" | "scored" | "failed";

/** client.Stage is a part of what a picture takes, from its file to its map. */
export type PictureStage = "read" | "decode" | "resize" | "thumbnail" | "encode" | "send" | "unpack" | "queue" | "score";

/** client.LinkState is where the connection stands. */
export type LinkState = "dialing" | "open" | "lost" | "refused";

/** wire.Phase is a part of a training job. */
export const Phase = {
  features: 1, // pictures to features
  bank: 2, // the memory bank
  simulate: 3, // simulated defects
  learn: 4, // the classifier's steps
  evaluate: 5, // on held-out pictures
  save: 6, // the model file
} as const;
export type Phase = keyof typeof Phase;

/** wire.JobKind says what a job does. */
export const JobKind = {
  fit: 1, // a detector without supervision, distance only
  train: 2, // a classifier
} as const;
export type JobKind = keyof typeof JobKind;

/** wire.JobState is where a job stands. */
export const JobNews = {
  queued: 1,
  running: 2,
  done: 3,
  failed: 4, // Text says why
  cancelled: 5,
} as const;
export type JobNews = keyof typeof JobNews;

/** wire.Subject says what changed in a project. */
export const Subject = {
  labels: 1,
  pictures: 2,
  models: 3,
  project: 4,
} as const;
export type Subject = keyof typeof Subject;

/** wire.ScoreKind says what a detector's block scores are before calibration. */
export const ScoreKind = {
  distance: 1, // distance to the memory bank
  probability: 2, // the classifier's probability of a defect
  fused: 3, // both, as training decided
} as const;
export type ScoreKind = keyof typeof ScoreKind;

/** project.Stage is a part of a training job, as a page tells of it. */
export type Stage = "profile" | "features" | "coreset" | "threshold" | "pictures" | "start" | "training" | "choosing" | "evaluating" | "saving";

/** project.JobState is where a job stands. */
export type JobState = "queued" | "running" | "done" | "failed" | "canceled";

/** project.Role is what a person said a picture is when it was brought in. */
export type Role = "" | "normal" | "defective";

/** project.WholeFormat is the format that holds all of a project, models and history too; the others hold pictures and labels. */
export const wholeFormat = "project";

/** project.detectorPrefix */
export const detectorPrefix = "project/";

/** loop.maxSteps */
export const maxSteps = 200000;

/** web.maxTitle bounds the names that people give, in characters. */
export const maxTitle = 120;

/** web.maxKind bounds the name of a kind of defect, in characters. */
export const maxKind = 64;
