// What the pages do faster with a keyboard and a live connection. Everything works without this file.

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const AWAY = "Forbindelsen er væk. Det, du skrev, står her stadig. Prøv igen om lidt.";
const DRAFT_PAUSE = 800;

document.documentElement.classList.add("js");

// ---- Messages ----

function complain(text) {
  const notice = document.createElement("div");
  notice.className = "notice error";
  notice.append(Object.assign(document.createElement("p"), { textContent: text }));
  $("#driftsbesked").replaceChildren(notice);
  notice.scrollIntoView({ block: "nearest" });
}

const calm = () => $("#driftsbesked").replaceChildren();

// ---- Search box: a combobox over the listbox that htmx fills ----

const find = $("[data-find]");

function hitOptions() {
  return $$("[role=option]", find);
}

function showHits(open) {
  const box = $("#soeg");
  $("#soeg-hits").hidden = !open;
  box.setAttribute("aria-expanded", String(open));
  if (!open) box.removeAttribute("aria-activedescendant");
}

function chooseHit(option) {
  for (const each of hitOptions()) each.setAttribute("aria-selected", String(each === option));
  if (!option) return $("#soeg").removeAttribute("aria-activedescendant");
  $("#soeg").setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function hitsArrived() {
  const options = hitOptions();
  const typed = $("#soeg").value.trim();
  showHits(Boolean(typed) && options.length > 0 && document.activeElement === $("#soeg"));
  const found = options.filter((option) => option.id !== "hit-0").length;
  $("[data-find-count]").textContent = typed ? `${found} forslag` : "";
}

function searchKey(event) {
  const options = hitOptions();
  const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  if (event.key === "Escape") {
    if ($("#soeg-hits").hidden) $("#soeg").value = "";
    showHits(false);
  } else if (["ArrowDown", "ArrowUp"].includes(event.key) && options.length) {
    showHits(true);
    const step = event.key === "ArrowDown" ? 1 : -1;
    chooseHit(options[(at + step + (at < 0 && step < 0 ? 1 : 0) + options.length) % options.length]);
  } else if (event.key === "Enter" && at >= 0 && !$("#soeg-hits").hidden) {
    location.assign(options[at].dataset.href);
  } else {
    return;
  }
  event.preventDefault();
}

if (find) {
  const box = $("#soeg");
  box.addEventListener("keydown", searchKey);
  box.addEventListener("input", () => box.value.trim() || showHits(false));
  box.addEventListener("focus", () => box.value.trim() && hitsArrived());
  find.addEventListener("focusout", (event) => find.contains(event.relatedTarget) || showHits(false));
  // The press would take the focus from the box, and the list would be gone before the click.
  $("#soeg-hits").addEventListener("mousedown", (event) => event.preventDefault());
  $("#soeg-hits").addEventListener("click", (event) => {
    const option = event.target.closest("[data-href]");
    if (option) location.assign(option.dataset.href);
  });
}

// ---- Keys ----

const shortcutsOn = () => document.body.hasAttribute("data-shortcuts");
const typing = (target) => target.closest("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");

// The place of a key and not its letter: with Alt held, a Mac types another letter.
function pressed(event) {
  const key = /^Key[A-Z]$/.test(event.code) ? event.code.slice(3).toLowerCase() : event.key.toLowerCase();
  return [event.ctrlKey && "ctrl", event.altKey && "alt", event.shiftKey && "shift", key].filter(Boolean).join("+");
}

function useShortcut(element) {
  if (element.matches("input[type=radio], input[type=checkbox]")) {
    element.click(); // The cursor stays where the user is writing.
  } else if (element.matches("summary")) {
    const details = element.parentElement;
    details.open = !details.open;
    const first = $("[data-first]", details) ?? $("select, input, textarea", details);
    (details.open ? first : ($("textarea", details.closest("form") ?? details) ?? element)).focus();
  } else if (element.matches("input, select, textarea")) {
    element.focus();
  } else {
    element.click();
  }
}

const listRows = () => $$("[data-rows] [data-row]");

function markRow(row) {
  for (const each of listRows()) if (each !== row) each.removeAttribute("aria-current");
  row.setAttribute("aria-current", "true");
}

function chooseRow(row) {
  markRow(row);
  $("[data-open]", row)?.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function moveRow(step) {
  const rows = listRows();
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.hasAttribute("aria-current"));
  chooseRow(rows[Math.min(rows.length - 1, Math.max(0, at + step))]);
}

function plainKey(event, key) {
  const row = $("[data-rows] [data-row][aria-current]");
  const button = row && $(`[data-row-key="${CSS.escape(key)}"]`, row);
  if (key === "/" && $("#soeg")) {
    $("#soeg").focus();
    $("#soeg").select();
  } else if (key === "j" || key === "k") {
    moveRow(key === "j" ? 1 : -1);
  } else if (button?.matches("summary")) {
    useShortcut(button);
  } else if (button) {
    button.click();
  } else {
    return false;
  }
  event.preventDefault();
  return true;
}

// Escape closes what is open, and the focus stays where one came from.
function leave(target) {
  for (const open of $$(".menu[open], .explain[open], .move[open]")) {
    if (open.contains(document.activeElement)) $("summary", open).focus();
    open.open = false;
  }
  if (target.closest?.("[data-side]") && !$("dialog[open]")) closeSide();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") leave(event.target);
  if (!shortcutsOn() || event.defaultPrevented || event.isComposing || $("dialog[open]")) return;
  const form = event.target.closest?.("form");
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && form?.method === "post") {
    event.preventDefault();
    form.requestSubmit($("[data-primary]", form) ?? undefined);
    return;
  }
  // "/" is Shift+7 on a Danish keyboard.
  const key = event.key === "/" ? "/" : pressed(event);
  if (!typing(event.target) && !event.ctrlKey && !event.altKey && !event.metaKey && plainKey(event, key)) return;
  if (typing(event.target) && !event.altKey && !event.ctrlKey) return;
  const found = $$("[data-shortcut]").find((each) => each.dataset.shortcut === key && each.checkVisibility());
  if (!found) return;
  event.preventDefault();
  useShortcut(found);
});

document.addEventListener("click", (event) => {
  for (const open of $$(".menu[open], .explain[open], .move[open]")) if (!open.contains(event.target)) open.open = false;
});

// ---- A list that is worked through: one row is the current one, and after each the next ----

const NARROW = matchMedia("(max-width: 960px)");
let place = null;

for (const kind of ["focusin", "click"]) {
  document.addEventListener(kind, (event) => {
    const row = event.target.closest("[data-keep] [data-row]");
    if (row) markRow(row);
  });
}

// Where the list stood when something was sent from one of its rows, or from beside it.
function rememberPlace(form) {
  if (!$("[data-keep]") || !form.closest("[data-keep], [data-side]")) return;
  const rows = listRows();
  const row = form.closest("[data-row]") ?? rows.find((each) => each.hasAttribute("aria-current"));
  const at = Math.max(0, rows.indexOf(row));
  place = { at, next: rows[at + 1]?.dataset.line };
}

function returnToList() {
  const rows = $$("[data-keep] [data-row]");
  const open = rows.find((row) => $(".move[open]", row));
  const next = open ?? rows.find((row) => place?.next && row.dataset.line === place.next) ?? rows[Math.min(place?.at ?? 0, rows.length - 1)];
  const moved = place;
  place = null;
  if (!next) return moved && $("#indhold").focus();
  if (moved && !open) chooseRow(next);
  else if (!rows.some((row) => row.hasAttribute("aria-current"))) markRow(next);
}

// On a narrow screen what stands beside the list comes under its row.
function placeSide() {
  const side = $("[data-side]");
  const row = $("[data-keep] [data-row][aria-current]");
  for (const old of $$("[data-holder]")) if (!old.contains(side)) old.remove();
  if (!side || !row || !NARROW.matches) return;
  const before = side.closest("[data-holder]");
  const holder = document.createElement("tr");
  holder.dataset.holder = "";
  holder.append(Object.assign(document.createElement("td"), { colSpan: row.cells.length }));
  holder.firstChild.append(side);
  row.after(holder);
  before?.remove();
}

function closeSide() {
  const side = $("[data-side]");
  const row = $("[data-keep] [data-row][aria-current]");
  const empty = Object.assign(document.createElement("div"), { id: "log-side", hidden: true });
  $(".day")?.append(empty);
  (side.closest("[data-holder]") ?? side).remove();
  if (row) chooseRow(row);
}

document.addEventListener("click", (event) => event.target.closest("[data-close-side]") && closeSide());

// ---- Days by one press ----

function dayFromNow(days) {
  const day = new Date();
  day.setDate(day.getDate() + days);
  return [day.getDate(), day.getMonth() + 1].map((part) => String(part).padStart(2, "0")).join("-") + `-${day.getFullYear()}`;
}

document.addEventListener("click", (event) => {
  const chip = event.target.closest("[data-fill]");
  if (!chip) return;
  const field = document.getElementById(chip.dataset.fill);
  field.value = chip.dataset.days ? dayFromNow(Number(chip.dataset.days)) : chip.dataset.value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
});

// ---- Paper ----

document.addEventListener("click", (event) => event.target.closest("[data-print]") && print());

// ---- Drafts ----

const drafts = new WeakMap();

function dropDraft(form) {
  const draft = drafts.get(form);
  clearTimeout(draft?.timer);
  draft?.sending?.abort();
  drafts.delete(form);
}

async function sendDraft(form) {
  const status = $("[data-draft-status]", form);
  const sending = new AbortController();
  drafts.set(form, { sending });
  try {
    const answer = await fetch(form.dataset.draftUrl, {
      method: "POST", body: new URLSearchParams(new FormData(form)), signal: sending.signal, keepalive: true,
    });
    status.textContent = answer.ok ? "Kladden er gemt" : "Kladden blev ikke gemt";
  } catch (error) {
    if (error.name !== "AbortError") status.textContent = "Kladden kunne ikke gemmes: ingen forbindelse";
  }
}

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-draft-url]");
  if (!form || form.dataset.sent) return;
  dropDraft(form);
  $("[data-draft-status]", form).textContent = "";
  drafts.set(form, { timer: setTimeout(() => sendDraft(form), DRAFT_PAUSE) });
});

// ---- The log box says what it will save ----

function nameSave(form) {
  const chosen = $("input[name=kind]:checked", form);
  const label = chosen && $(`label[for="${CSS.escape(chosen.id)}"]`, form);
  if (label) $("[data-primary]", form).textContent = `Gem ${label.textContent.trim().toLowerCase()}`;
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-log]");
  if (form) nameSave(form);
});

// ---- Sending: once, with a question first where something is lost, and never into the void ----

function ask(question, yes) {
  const dialog = $("#spoerg");
  $("#spoerg-tekst").textContent = question;
  dialog.returnValue = "";
  dialog.addEventListener("close", () => dialog.returnValue === "ja" && yes(), { once: true });
  dialog.showModal();
}

function busy(form, on) {
  if (on) form.dataset.sent = "1";
  else delete form.dataset.sent;
  form.toggleAttribute("aria-busy", on);
  for (const button of $$("button[type=submit], button:not([type])", form)) {
    if (on) button.setAttribute("aria-disabled", "true");
    else button.removeAttribute("aria-disabled");
  }
}

// In the capture phase, so that a second press is stopped before htmx sees it.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const question = event.submitter?.dataset.confirm ?? form.dataset.confirm;
  const stop = () => { event.preventDefault(); event.stopImmediatePropagation(); };
  if (form.method !== "post") return;
  if (form.dataset.sent) return stop();
  if (question && !form.dataset.sure) {
    const { submitter } = event;
    stop();
    return ask(question, () => { form.dataset.sure = "1"; form.requestSubmit(submitter); });
  }
  delete form.dataset.sure;
  if (!navigator.onLine) { stop(); return complain(AWAY); }
  calm();
  dropDraft(form);
  rememberPlace(form);
  busy(form, true);
}, true);

// ---- A file is fetched: the page stays, says so, and is free again when the file comes ----

const cookie = (name) => document.cookie.split("; ").find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
const LONGEST_FETCH = 120_000;

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.hasAttribute("data-download") || event.defaultPrevented) return;
  const token = crypto.randomUUID?.().replaceAll("-", "") ?? String(Date.now());
  const status = $("[data-download-status]", form);
  const until = Date.now() + LONGEST_FETCH;
  form.elements.hentes.value = token;
  status.textContent = "Henter listen …";
  const look = setInterval(() => {
    const here = cookie("hentet") === token;
    if (!here && Date.now() < until) return;
    clearInterval(look);
    busy(form, false);
    status.textContent = here ? "Listen er hentet." : "";
  }, 300);
});

// ---- Chosen rows ----

function countPicked() {
  const rows = $$("input[data-row-key=x]");
  const chosen = rows.filter((each) => each.checked).length;
  for (const place of $$("[data-picked-count]")) place.textContent = chosen ? ` (${chosen})` : "";
  for (const form of $$("[data-picked]")) form.classList.toggle("some", chosen > 0);
  const all = $("[data-pick-all]");
  if (!all) return;
  all.hidden = false;
  all.checked = chosen > 0 && chosen === rows.length;
  all.indeterminate = chosen > 0 && chosen < rows.length;
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-pick-all]")) {
    for (const each of $$("input[data-row-key=x]")) each.checked = event.target.checked;
  }
  if (event.target.matches("[data-pick-all], input[data-row-key=x]")) countPicked();
});

// Back from the browser's memory: the buttons must work again.
addEventListener("pageshow", (event) => event.persisted && $$("form[data-sent]").forEach((form) => busy(form, false)));
addEventListener("offline", () => complain(AWAY));
addEventListener("online", calm);

// ---- htmx ----

// A whole error page has no place inside a part of another: its sentence is shown where the user stands.
document.addEventListener("htmx:after:request", (event) => {
  const { ctx } = event.detail;
  if (ctx.response.status < 400) return;
  const page = new DOMParser().parseFromString(ctx.text ?? "", "text/html");
  const sentence = $("[data-error-page]", page);
  const fits = !sentence && (ctx.response.status === 422 || ctx.response.status === 409);
  if (fits) return;
  event.preventDefault();
  complain(sentence?.textContent.trim() || "Det gik ikke. Det, du skrev, står her stadig. Prøv igen.");
});

document.addEventListener("htmx:error", (event) => {
  if (event.detail.ctx) complain(AWAY);
});

document.addEventListener("htmx:finally:request", (event) => {
  const form = event.detail.ctx?.sourceElement;
  if (form?.matches?.("form")) busy(form, false);
});

document.addEventListener("htmx:after:swap", (event) => {
  const source = event.detail.ctx?.sourceElement;
  if (source?.id === "soeg") return hitsArrived();
  begin();
  // What a choice in a field fetched must not take the cursor from the next field, where one is typing already.
  if (!source?.matches("select, input")) aim();
});

// ---- Every new content ----

function begin() {
  $$("form[data-log]").forEach(nameSave);
  countPicked();
  placeSide();
  returnToList();
}

// Where the cursor stands when a page or an answered form arrives: at what is wrong, or where one begins.
function aim() {
  const summary = $("[data-error-summary]");
  if (summary) summary.focus();
  else $("#indhold [autofocus]")?.focus();
}

begin();
aim();
