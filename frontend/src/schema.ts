// Written by frontend/build from server/web/openapi.yaml: change that and run 'make wasm'.

export type NewSource = {
  name: string;
  /** A folder or video file of the server, http:// (MJPEG), https://, rtsp:// or rtsps:// */
  address: string;
  /** Which frames are taken; every, where it is absent */
  trigger?: "every" | "interval" | "change" | "post";
  /** Of interval */
  every_ms?: number;
  /** Of change: mean difference in grey levels of 255; 4, where it is absent */
  change?: number;
  /** By name; the only one there is, where it is absent */
  detector?: string;
  paused?: boolean;
};

export type LineSource = {
  name: string;
  address: string;
  trigger?: string;
  every_ms?: number;
  change?: number;
  detector?: string;
  paused?: boolean;
  /** folder, video, mjpeg or rtsp; empty for one that is not there any more */
  kind: string;
  status: {
    state: "running" | "connecting" | "waiting" | "paused" | "ended";
    /** Frames since the server started */
    taken: number;
    /** Frames of a camera that nobody looked at */
    dropped: number;
    /** Frames taken a second */
    rate: number;
    /** When the newest frame came */
    last?: string;
    errors: number;
    /** The newest */
    error?: string;
    /** When that was */
    failed?: string;
  };
};

export type NewSink = {
  name: string;
  /** https://, mqtt://broker/topic, mqtts://, a file of the server that ends in .csv or .jsonl, or a folder of it */
  address: string;
  /** Of a webhook's signature */
  secret?: string;
  /** PEM file of the server that vouches for a broker */
  ca?: string;
  /** What a folder keeps; 0: all */
  days?: number;
  /** What a folder keeps; 0: all */
  gib?: number;
  /** What may wait on the disk; 0: 1024 */
  wait_mib?: number;
};

export type LineSink = {
  name: string;
  address: string;
  ca?: string;
  days?: number;
  gib?: number;
  wait_mib?: number;
  status: {
    state: "telling" | "waiting";
    /** Verdicts since the server started */
    told: number;
    last?: string;
    errors: number;
    /** The newest */
    error?: string;
    failed?: string;
  };
  queue: {
    /** That wait */
    verdicts: number;
    /** That they take up */
    bytes: number;
    /** Verdicts that there was no room for */
    lost: number;
  };
};

export type LineVerdict = {
  id: string;
  source: string;
  time: string;
  /** Its name within the source */
  picture: string;
  verdict: "normal" | "defect" | "error";
  /** 1.0 is the threshold; 0 of an error */
  score: number;
  error?: string;
  detector: string;
  model: string;
  width: number;
  height: number;
  /** How many */
  regions: number;
  latency_ms: number;
  /** What somebody took it into a project as */
  judged?: "normal" | "label";
  thumbnail: boolean;
  /** Whether the picture itself is */
  kept: boolean;
};

export type LineHistory = {
  verdicts: LineVerdict[];
  /** Whether counts are of hours */
  hourly: boolean;
  counts: {
    start: string;
    normal: number;
    defect: number;
    error: number;
    /** Score */
    highest: number;
    /** Score of normal pictures */
    median: number;
  }[];
  /** What is to be said of how the scores of normal pictures have moved */
  drift?: string;
};

export type Fault = {
  error: {
    /** For programs */
    code: "bad_request" | "forbidden" | "not_found" | "method_not_allowed" | "too_large" | "unreadable_picture" | "busy" | "unavailable" | "internal" | "conflict" | "bad_labels" | "signed_out" | "sign_in_refused" | "throttled" | "exists" | "invalid" | "no_space" | "damaged" | "no_accounts";
    /** For people: what is wrong and what to do */
    message: string;
  };
};

export type ID = string;

export type Project = {
  id: ID;
  name: string;
  created: string;
  /** ID of the model that pages see; absent: none */
  deployed?: string;
  /** ID of the model before it */
  previous?: string;
  /** What a page keeps with it */
  settings?: Record<string, unknown>;
  level: Level;
  /** Its pictures */
  counts: {
    pictures: number;
    normal: number;
    defective: number;
    labelled: number;
    held: number;
  };
};

export type ProjectPicture = {
  id: ID;
  project: ID;
  name: string;
  /** Folders and name that the file came with; absent: not known */
  path?: string;
  sha256: string;
  bytes: number;
  /** Upright: EXIF is applied */
  width: number;
  height: number;
  role: "" | "normal" | "defective";
  /** Of defect */
  kind?: string;
  /** Kept from training, to evaluate with */
  held: boolean;
  /** SHA-256 of its ground truth; absent: none */
  truth?: string;
  added: string;
  labels?: LabelState;
};

/** Where a picture's labels stand */
export type LabelState = {
  revision: number;
  author: string;
  time: string;
  normal: boolean;
  boxes: number;
  polygons: number;
  pixels: number;
  blocks: number;
  /** Worked, by tool, idle pauses left out */
  millis: Record<string, number> | null;
};

export type Revision = LabelState & {
  /** The revision that it was drawn on */
  base: number;
};

export type Conflict = {
  error: {
    code: "conflict";
    message: string;
  };
  current: LabelState & {
    /** The labels' stored form */
    data: string;
  };
};

export type Added = {
  pictures: {
    name: string;
    picture?: ProjectPicture;
    error?: {
      code: string;
      message: string;
    };
  }[];
};

export type Imported = {
  /** Added */
  pictures: number;
  /** Pictures whose labels were set */
  labels: number;
  /** Pictures that had these labels already */
  unchanged: number;
  /** Ground-truth masks set */
  truths: number;
  /** Pictures left out and why, at most 100 */
  skipped: string[];
  /** How files were understood */
  warnings: string[];
};

export type Format = {
  name: string;
  title: string;
  extension: string;
  note: string;
  /** What survives in it */
  holds?: Record<string, boolean>;
};

export type TrainingRequest = {
  supervision: "none" | "un" | "sup" | "semi";
  preset: "lite" | "fast" | "paper";
  /** 0: the preset's */
  steps?: number;
  /** Longer side of the detector's input in pixels; 0: the default */
  size?: number;
  seed?: number;
  /** Of the model */
  name?: string;
  /** Serve it when it is ready */
  deploy?: boolean;
};

export type Training = {
  id: ID;
  project: ID;
  state: "queued" | "running" | "done" | "failed" | "canceled";
  request: TrainingRequest;
  progress: {
    /** Empty before the first */
    stage: "" | "profile" | "features" | "coreset" | "threshold" | "pictures" | "start" | "training" | "choosing" | "evaluating" | "saving";
    step: number;
    /** 0 where it is unknown */
    total: number;
    loss: number;
    /** Negative where it is unknown */
    seconds_left: number;
    /** Of simulated defects */
    held_out_ap: number | null;
  };
  error?: string;
  author: string;
  created: string;
  started?: string;
  ended?: string;
  /** ID of what it made */
  model?: string;
  /** Jobs before it in the queue */
  ahead: number;
};

export type Model = {
  id: ID;
  project: ID;
  name: string;
  sha256: string;
  bytes: number;
  supervision: "none" | "un" | "sup" | "semi";
  created: string;
  /** ID of the job that made it */
  job?: string;
  /** Spent on the labels that it learnt from */
  label_millis: number;
  /** Calibrated score above which a picture is defective */
  threshold: number;
  note?: string;
  metrics?: Metrics;
};

/** On the held-out labelled pictures, parts of 1; absent: nothing to measure with */
export type Metrics = {
  pixel_ap: number | null;
  pro: number | null;
  pixel_auroc: number | null;
  image_auroc: number | null;
  /** Pixel AP of the distance score on the same pictures */
  distance_ap: number | null;
  distance_pro?: number;
  distance_auroc?: number;
  distance_image_auroc?: number;
  pictures: number;
  defective: number;
  latency_ms: number;
  /** What the truth was drawn with: pixel, block or box */
  granule: string;
  /** Finest labels that it learnt from: pixel, block or box */
  learnt?: string;
  /** Defective pictures whose labels it learnt from */
  labelled: number;
};

export type ThresholdCurve = {
  model: string;
  /** By rising threshold */
  points: ThresholdCount[] | null;
  /** Pictures */
  normal: number;
  /** Pictures */
  defective: number;
  /** The model's threshold */
  current: number;
  now: ThresholdCount;
  /** Where the fewest pictures are judged wrongly */
  suggested: number;
  /** For people */
  verdict: string;
};

export type ThresholdCount = {
  /** Calibrated: 1 is the model's own */
  threshold: number;
  false_alarms: number;
  misses: number;
};

export type Advice = {
  supervision: "" | "none" | "un" | "sup" | "semi";
  /** To train */
  ready: boolean;
  /** For people */
  reason: string;
  /** For people */
  todo: string[] | null;
  /** Pictures to learn from */
  normal: number;
  /** Defective pictures with boxes only */
  boxes: number;
  /** With block labels */
  blocks: number;
  /** With marked pixels or polygons */
  pixels: number;
  /** Kept for evaluation */
  held: number;
};

export type Candidate = {
  picture: string;
  name: string;
  /** 0 to 1, what the order is by */
  worth: number;
  /** 0 to 1; negative: no detector has seen it yet */
  uncertainty: number;
  /** 0 to 1; negative: not looked at yet */
  spread: number;
  /** For people; empty where a picture before it has the same */
  reason: string;
};

export type Evaluation = {
  /** Of what it was computed from */
  key: string;
  model: string;
  metrics: Metrics;
  kinds: {
    kind: string;
    pictures: number;
    pixel_ap: number | null;
    pro: number | null;
    pixel_auroc: number | null;
    image_auroc: number | null;
    misses: number;
  }[] | null;
  pictures: Measured[] | null;
  precision_recall?: Curve;
  overlap?: Curve;
  distance_precision_recall?: Curve;
  distance_overlap?: Curve;
};

export type Curve = {
  x: number;
  y: number;
}[] | null;

/** How a picture did */
export type Measured = {
  id: string;
  name: string;
  sha256: string;
  /** Empty where it is normal */
  kind: string;
  granule?: string;
  defective: boolean;
  /** Calibrated */
  score: number;
  /** Within the picture */
  pixel_ap: number | null;
  /** In reports */
  why?: string;
  /** In reports: data URL of the heat map over the picture */
  image?: string;
};

export type Report = {
  project: string;
  name: string;
  made: string;
  pictures: {
    all: number;
    normal: number;
    defective: number;
    labelled: number;
    held: number;
  };
  /** Models, each with whether it is deployed and why it could not be measured */
  models: {
    id: string;
    name: string;
    deployed: boolean;
    fault?: string;
  }[] | null;
  /** The paper's Figure 3 for this project */
  figure: {
    points: FigurePoint[] | null;
    baseline: FigurePoint | null;
    paper: {
      granule: string;
      seconds: number;
    }[];
    /** That all were measured on */
    pictures: number;
    /** Of the truth */
    granule: string;
  };
  /** The model that tables and curves are about */
  subject: {
    model: string;
    name: string;
    result: Evaluation | null;
    curve: ThresholdCurve;
    best: Measured[] | null;
    worst: Measured[] | null;
  } | null;
};

export type FigurePoint = {
  model?: string;
  name: string;
  supervision: string;
  /** Of the labels that it learnt from: none, box, block or pixel */
  granule: string;
  /** Labelled defective ones that it learnt from */
  pictures: number;
  /** Spent on all labels that it learnt from */
  seconds: number;
  per_picture?: number;
  pixel_ap: number | null;
  pro: number | null;
  pixel_auroc: number | null;
};

export type Size = {
  width: number;
  height: number;
};

/** Each may what those before it may */
export type Level = "viewer" | "labeller" | "admin";

export type Right = {
  /** ID */
  user: string;
  name: string;
  level: Level;
};

export type User = {
  id: string;
  name: string;
  /** Of the server */
  admin: boolean;
  created: string;
  /** May not sign in */
  blocked: boolean;
};

export type Token = {
  id: string;
  /** ID */
  user: string;
  name: string;
  created: string;
  expires?: string;
  /** Last; absent if it never was */
  used?: string;
};

export type Detector = {
  name: string;
  /** Identity of the model: another model, another string */
  model: string;
  /** Grows when another model takes the name */
  generation: number;
  title?: string;
  preset: string;
  supervision: string;
  note?: string;
  created: string;
  input: Size;
  /** How pictures are cut into overlapping crops; absent where they are not */
  tile?: {
    /** Longer side of the picture before it is cut */
    reference: number;
    overlap: number;
  };
  /** Side of a block in pixels of the input */
  block: "8" | "16";
  threshold: {
    /** The raw score that is shown as 1.0 */
    raw: number;
    /** Stated share of normal pictures above it */
    false_alarms: number;
    method?: string;
  };
};

export type Result = {
  detector: string;
  model: string;
  verdict: "normal" | "anomalous";
  /** The largest block's */
  score: number;
  /** From 1 on the picture is not like those that the detector learnt from; 0 where the detector cannot tell */
  unlike: number;
  picture: Size;
  /** The block with the largest score and the part of the upright picture that it covers */
  hottest: {
    row: number;
    col: number;
    x0: number;
    y0: number;
    x1: number;
    y1: number;
  };
  /** Detector inputs that the picture was cut into */
  crops: number;
  grid: {
    rows: number;
    cols: number;
    block: number;
    /** Row-major */
    scores: number[];
  };
  milliseconds: {
    decode: number;
    resize: number;
    /** Summed over the crops in the queue */
    wait: number;
    /** Summed over the crops in the detector */
    score: number;
    total: number;
  };
};

export type Picture = {
  name: string;
  title: string;
  /** The detector that it is for */
  detector: string;
  /** "good" or a kind of defect */
  kind: string;
  synthetic: boolean;
  width: number;
  height: number;
  /** Path of its file */
  image: string;
  /** Path of its ground truth */
  mask: string;
  /** Path of a small copy */
  thumbnail: string;
};

/** What each operation answers with where it answers with JSON. */
export interface Answers {
  /** Version of the program and of the websocket protocol */
  getVersion: {
    version: string;
    protocol: number;
  };
  /** What a client must keep to */
  getLimits: {
    /** Longest side of a picture in pixels */
    max_side: number;
    /** Width times height of a picture */
    max_pixels: number;
    /** Bytes of an uploaded picture's file */
    max_upload_bytes: number;
    /** Bytes of a websocket message */
    max_frame_bytes: number;
    /** Crops of a session that may be unanswered at a time */
    window: number;
    /** Crops of all clients that may wait */
    queue: number;
    /** Path of the websocket */
    stream: string;
  };
  /** Holds the fitting of the demonstration's detectors. Work that ended well is gone; work that failed stays. */
  getProgress: {
    progress: {
      key: string;
      /** For people */
      what: string;
      done: number;
      /** 0 where it is unknown */
      total: number;
      /** Absent where it is unknown */
      seconds_left?: number;
      /** Why it failed; absent where it did not */
      failed?: string;
    }[];
  };
  /** The detectors that are served */
  listDetectors: {
    detectors: Detector[];
  };
  /** One detector */
  getDetector: Detector;
  /** Score one picture file */
  scorePicture: Result;
  /** Answers with the caller, as /api/v1/me does, and sets the cookie semirest_session. The session that the browser had before ends. Failures are throttled by name and by address. */
  signIn: {
    /** Whether people sign in here; else whoever is on the machine may everything */
    auth: boolean;
    user: {
      /** Absent without accounts */
      id?: string;
      name: string;
      /** Of the server */
      admin: boolean;
    };
    /** By project; admins of the server need none */
    levels: Record<string, Level>;
  };
  /** Who the caller is */
  getMe: {
    /** Whether people sign in here; else whoever is on the machine may everything */
    auth: boolean;
    user: {
      /** Absent without accounts */
      id?: string;
      name: string;
      /** Of the server */
      admin: boolean;
    };
    /** By project; admins of the server need none */
    levels: Record<string, Level>;
  };
  /** The caller's tokens, without their secrets */
  listTokens: {
    tokens: Token[];
  };
  /** Make a token with which a script acts for the caller */
  makeToken: {
    token: Token;
    /** For the header Authorization: Bearer SECRET */
    secret: string;
  };
  /** All people (for admins of the server) */
  listUsers: {
    users: User[];
  };
  /** Give a person an account */
  addUser: User;
  /** A new password, or blocking, ends all sessions. Blocking takes the tokens away too. */
  changeUser: User;
  /** Who did what (for admins of the server) */
  listAudit: {
    events: {
      time: string;
      /** Name */
      user: string;
      project?: string;
      /** What was done */
      action: string;
      /** To what */
      object?: string;
      detail?: string;
    }[];
  };
  /** Who did what in the project */
  listProjectAudit: {
    events: {
      time: string;
      /** Name */
      user: string;
      project?: string;
      /** What was done */
      action: string;
      /** To what */
      object?: string;
      detail?: string;
    }[];
  };
  /** Who may do what in the project */
  listRights: {
    rights: Right[];
  };
  /** Give a person a level in the project */
  giveRight: Right;
  /** Pictures of the demonstration, all synthetic */
  listDemoPictures: {
    pictures: Picture[];
  };
  /** Formats that projects are exported in and imported from */
  listFormats: {
    formats: Format[];
  };
  /** Make a project of a zip that was exported in the format project */
  restoreProject: Project;
  /** The projects that the caller may look at, oldest first */
  listProjects: {
    projects: Project[];
  };
  /** Make a project; the caller is its admin */
  createProject: Project;
  /** One project */
  getProject: Project;
  /** Rename it or change its settings; what is absent stays */
  changeProject: Project;
  /** The project's pictures, in the order they were added */
  listPictures: {
    pictures: ProjectPicture[];
  };
  /** A form of files, 500 at most. The fields role, kind and held count for the files after them. A file's name may come with its folders, by which labels from elsewhere will find it. Each file has its own answer, in their order: one that is no picture does not keep the others out. What is answered with a picture is stored. */
  addPictures: Added;
  /** One picture */
  getPicture: ProjectPicture;
  /** Change what is said about it; what is absent stays */
  changePicture: ProjectPicture;
  /** Set its ground truth */
  setTruth: ProjectPicture;
  /** Take its ground truth away */
  deleteTruth: ProjectPicture;
  /** This is the one way in. They are on the server's disk when it answers 200; those who watch the project hear of it over the websocket (Changed). Sending the same save again, by its Save-Id or without one by its bytes and its base, answers the same and changes nothing. */
  saveLabels: Revision;
  /** Every revision of its labels, newest first */
  listRevisions: {
    revisions: Revision[];
  };
  /** Labels are matched with pictures that are there by name. They become the picture's next revision. A zip that is wrong as a whole changes nothing; a picture that is wrong is skipped. */
  importPictures: Imported;
  /** Training runs, newest first */
  listTraining: {
    jobs: Training[];
  };
  /** Queue a training run */
  train: Training;
  /** One training run */
  getTraining: Training;
  /** Its detectors, oldest first */
  listModels: {
    /** ID of the one that pages see as detector "project/ID"; "" for none */
    deployed: string;
    /** ID of the one before it */
    previous: string;
    models: Model[];
  };
  /** Serve the model before the deployed one; again goes forward */
  rollBack: Project;
  /** One model */
  getModel: Model;
  /** What it reaches on the held-out pictures, picture by picture */
  getEvaluation: Evaluation;
  /** Serve it in place of the deployed one; open pages see it without a reload */
  deployModel: Project;
  /** False alarms and misses at every threshold */
  getThreshold: ThresholdCurve;
  /** Store a threshold with a model; where it is deployed, pages see it at once */
  setThreshold: Model;
  /** How to train it, by what is labelled */
  getAdvice: Advice;
  /** Unlabelled pictures, by what a label would teach */
  listNext: {
    next: Candidate[];
  };
  /** What labels bought */
  getReport: Report;
  /** What the line watches, by name */
  listSources: {
    sources: LineSource[];
  };
  /** Whom the line tells, by name */
  listSinks: {
    sinks: LineSink[];
  };
  /** What the line found, the newest first, and how many of each a day, or of one day an hour */
  listVerdicts: LineHistory;
  /** It was wrong - take the picture into a project, as normal or to be labelled; for labellers of the project */
  judgeVerdict: {
    picture: ID;
  };
}
