// The page's entry: every module takes its part of index.html, then the engine starts.
import * as accounts from "./project/accounts";
import * as album from "./inspect/album";
import * as batch from "./inspect/batch";
import * as camera from "./inspect/camera";
import * as correct from "./inspect/correct";
import * as demo from "./inspect/demo";
import * as detector from "./inspect/detector";
import * as engine from "./go/engine";
import * as intake from "./inspect/intake";
import * as keys from "./inspect/keys";
import * as labelling from "./label/screen";
import * as line from "./line/screen";
import * as link from "./link";
import * as models from "./project/models";
import * as none from "./inspect/none";
import * as passed from "./inspect/passed";
import * as panel from "./inspect/panel";
import * as people from "./project/people";
import * as pictures from "./project/pictures";
import * as projects from "./project/projects";
import * as report from "./project/report";
import * as save from "./inspect/save";
import * as shell from "./shell";
import * as shown from "./inspect/shown";
import * as signin from "./project/signin";
import * as stage from "./inspect/stage";
import * as strip from "./inspect/strip";
import * as theme from "./theme";
import * as titles from "./titles";
import * as threshold from "./project/threshold";
import * as train from "./project/train";

theme.begin();
link.begin();
titles.begin();
detector.begin();
stage.begin();
shown.begin();
strip.begin();
batch.begin();
passed.begin();
panel.begin();
save.begin();
correct.begin();
intake.begin();
camera.begin();
keys.begin();
demo.begin();
none.begin();

for (const screen of [projects, pictures, labelling, train, models, threshold, report, people, accounts, signin, line]) screen.begin();
void shell.begin();

engine.start().then(() => {
  album.begin();
  document.documentElement.dataset.ready = "true";
}, (error: unknown) => {
  console.error(error);
  engine.links.emit({ state: "refused", ever: false, retry: 0, unanswered: 0, unfinished: 0, busy: false,
    reason: "The page could not start: this browser may be too old or forbid WebAssembly. Reload to try again." });
});
