// The wall: one pane at a time by keyboard or remote, anew every minute, and honest when the connection is away.

const LOST = "Forbindelsen er væk. Tallene er fra sidste opdatering; tavlen prøver igen af sig selv.";
const ENDED = "Tavlen kan ikke vises her længere. Bed en leder om et nyt link.";
const NEXT = ["ArrowRight", "PageDown", "MediaTrackNext"];
const BACK = ["ArrowLeft", "PageUp", "MediaTrackPrevious"];

const board = () => document.getElementById("tavle");
const panes = () => [...document.querySelectorAll(".pane")];
const say = (text) => { document.getElementById("lost").textContent = text; };

document.documentElement.classList.add("js");

function chosen() {
  const key = location.hash.slice(1);
  return panes().find((pane) => pane.id === key) ?? panes()[0];
}

// The address says which pane it is, so a screen that starts anew comes back to it.
function show() {
  const now = chosen();
  if (!now) return;
  for (const pane of panes()) pane.classList.toggle("shown", pane === now);
  for (const link of document.querySelectorAll("[data-pane]")) {
    if (link.dataset.pane === now.id) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function step(by) {
  const all = panes();
  const next = all[(all.indexOf(chosen()) + by + all.length) % all.length];
  if (!next) return;
  history.replaceState(null, "", `#${next.id}`);
  show();
  scrollTo(0, 0);
}

// Where the text is enlarged, a page key first goes through what does not fit.
function fits(by) {
  const { scrollHeight, clientHeight } = document.documentElement;
  return by > 0 ? scrollY + clientHeight >= scrollHeight - 2 : scrollY <= 2;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const by = NEXT.includes(event.key) ? 1 : BACK.includes(event.key) ? -1 : 0;
  const number = Number(event.key);
  if (by) {
    if (event.key.startsWith("Page") && !fits(by)) return;
    step(by);
  } else if (number >= 1 && number <= panes().length) {
    history.replaceState(null, "", `#${panes()[number - 1].id}`);
    show();
  } else if (event.key.toLowerCase() === "r") {
    window.htmx?.trigger(board(), "hent");
  } else {
    return;
  }
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-pane]");
  if (!link) return;
  event.preventDefault();
  history.replaceState(null, "", `#${link.dataset.pane}`);
  show();
});

addEventListener("hashchange", show);
addEventListener("offline", () => say(LOST));
addEventListener("online", () => window.htmx?.trigger(board(), "hent"));

document.addEventListener("htmx:after:request", (event) => {
  const { status } = event.detail.ctx.response;
  if (status < 400) return say("");
  event.preventDefault();
  // Whoever may see it no longer is shown nothing more.
  if (status < 500 && status !== 429) {
    for (const pane of panes()) pane.remove();
    say(ENDED);
  } else {
    say(LOST);
  }
});

document.addEventListener("htmx:error", () => say(LOST));
document.addEventListener("htmx:after:swap", show);

show();
