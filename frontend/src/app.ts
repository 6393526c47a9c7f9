// The page's entry: every module takes its part of index.html, then the engine starts.
import * as accounts from "./accounts";
import * as album from "./album";
import * as camera from "./camera";
import * as demo from "./demo";
import * as engine from "./engine";
import * as intake from "./intake";
import * as keys from "./keys";
import * as labelling from "./labelling";
import * as link from "./link";
import * as models from "./models";
import * as panel from "./panel";
import * as people from "./people";
import * as pictures from "./pictures";
import * as projects from "./projects";
import * as report from "./report";
import * as save from "./save";
import * as shell from "./shell";
import * as signin from "./signin";
import * as stage from "./stage";
import * as strip from "./strip";
import * as theme from "./theme";
import * as threshold from "./threshold";
import * as train from "./train";

theme.begin();
link.begin();
stage.begin();
strip.begin();
panel.begin();
save.begin();
intake.begin();
camera.begin();
keys.begin();
demo.begin();

for (const screen of [projects, pictures, labelling, train, models, threshold, report, people, accounts, signin]) screen.begin();
void shell.begin();

engine.start().then(() => {
  album.begin();
  document.documentElement.dataset.ready = "true";
}, (error: unknown) => {
  console.error(error);
  engine.links.emit({ state: "refused", ever: false, retry: 0, unanswered: 0, unfinished: 0, busy: false,
    reason: "The page could not start: this browser may be too old or forbid WebAssembly. Reload to try again." });
});
