// The intake page 文件拆解台: keys, the sentence of the draft in view, and keeping what is typed.
// The page works without this file; htmx swaps the regions of the answer (see desk.html).

const KEEP_AFTER_MS = 700;
let place = 0;

const side = (): HTMLElement => document.getElementById("drafts")!;
const cards = (): HTMLElement[] => [...side().querySelectorAll<HTMLElement>("[data-card]")];
const here = (): HTMLElement | undefined => cards()[place];

function typing(target: EventTarget | null): boolean {
  return !!(target as HTMLElement | null)?.closest?.("input:not([type=radio]):not([type=checkbox]), textarea, select");
}

function mark(numbers: string[], scroll: boolean): void {
  for (const old of document.querySelectorAll("#doc .is-marked")) old.classList.remove("is-marked");
  const found = numbers.map((n) => document.getElementById(`s${n}`)).filter((e) => e !== null);
  for (const sentence of found) sentence.classList.add("is-marked");
  if (scroll) found[0]?.scrollIntoView({ block: "center" });
}

/** Stand on a card: it is framed, its sentences are marked and come into view. */
function stand(at: number, focus = true): void {
  const all = cards();
  for (const old of all) old.classList.remove("is-here");
  place = Math.max(0, Math.min(at, all.length - 1));
  const card = all[place];
  if (!card) return;
  card.classList.add("is-here");
  if (focus) {
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest" });
  }
  const numbers = card.dataset.s;
  if (numbers) mark(numbers.split(" "), true);
}

function standOn(card: Element | null, focus = true): void {
  const at = card ? cards().indexOf(card as HTMLElement) : -1;
  if (at >= 0 && at !== place) stand(at, focus);
}

// A sentence leads to its draft when that is on the page; else the link asks the server for it.
document.addEventListener("click", (event) => {
  const target = event.target as HTMLElement;
  const sentence = target.closest<HTMLElement>("#doc .ja-s");
  if (sentence) {
    const number = sentence.id.slice(1);
    const card = cards().find((one) => one.dataset.s?.split(" ").includes(number));
    if (card) {
      event.preventDefault();
      place = -1;
      standOn(card);
    }
    return;
  }
  const card = target.closest("[data-card]");
  if (!card) return;
  if (target.closest("[data-find-s]")) {
    event.preventDefault();
    event.stopPropagation();
    place = -1;
  }
  standOn(card, !typing(target));
}, true);

document.addEventListener("focusin", (event) => {
  const card = (event.target as HTMLElement).closest?.("#drafts [data-card]");
  if (card) standOn(card, false);
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const card = here();
  if (event.key === "Escape") {
    card?.querySelector<HTMLElement>("[data-close]")?.click();
    return;
  }
  if (typing(event.target)) return;
  const reading = (event.target as HTMLElement).closest?.("#doc") !== null;
  const tool = { e: "edit", s: "split", m: "merge", x: "reject" }[event.key.toLowerCase()];
  if (event.key === "j" || (event.key === "ArrowDown" && !reading)) stand(place + 1);
  else if (event.key === "k" || (event.key === "ArrowUp" && !reading)) stand(place - 1);
  else if (event.key === "a") card?.querySelector<HTMLElement>("[data-accept]")?.click();
  else if (event.key === "u") side().querySelector<HTMLElement>("[data-undo] button")?.click();
  else if (event.key === "?") {
    const keys = document.getElementById("keys") as HTMLDetailsElement | null;
    if (keys) keys.open = !keys.open;
  } else if (tool) card?.querySelector<HTMLElement>(`[data-tool=${tool}]`)?.click();
  else if (/^[1-9]$/.test(event.key)) {
    const choices = card?.querySelector("[data-ask]")?.querySelectorAll<HTMLInputElement>("input[type=radio]");
    const chosen = choices?.[Number(event.key) - 1];
    if (!chosen) return;
    chosen.checked = true;
    chosen.dispatchEvent(new Event("change", { bubbles: true }));
    if (chosen.value === "other") chosen.parentElement?.querySelector<HTMLInputElement>("[data-other]")?.focus();
  } else return;
  event.preventDefault();
});

// Own words choose “other” by themselves; ticking words offers them as the second title.
document.addEventListener("input", (event) => {
  const field = event.target as HTMLInputElement;
  if (field.matches("[data-other]")) {
    const radio = field.parentElement?.querySelector<HTMLInputElement>("input[type=radio]");
    if (radio) radio.checked = field.value !== "";
  }
  const card = field.closest<HTMLElement>("[data-keep]");
  if (card) later(card);
});
const offered = new Set<string>([""]);
function offer(card: Element): void {
  const second = card.querySelector<HTMLInputElement>("[data-second]");
  if (!second || !offered.has(second.value)) return;
  const ticked = [...card.querySelectorAll<HTMLInputElement>("input[name=piece]:checked")];
  const words = ticked.map((box) => box.parentElement?.innerText.trim() ?? "").join("");
  second.value = words.replace(/[，；。：、！？]+$/, "").slice(0, 60);
  offered.add(second.value);
}
document.addEventListener("change", (event) => {
  const card = (event.target as HTMLElement).closest("[data-card]");
  if (card && (event.target as HTMLInputElement).name === "piece") offer(card);
});

// ---- keeping what is typed: a moment after the last key, and when the page is left
const waiting = new Map<HTMLElement, number>();

function later(card: HTMLElement): void {
  window.clearTimeout(waiting.get(card));
  waiting.set(card, window.setTimeout(() => void keep(card), KEEP_AFTER_MS));
}

async function keep(card: HTMLElement, leaving = false): Promise<void> {
  window.clearTimeout(waiting.get(card));
  waiting.delete(card);
  const fields = new FormData();
  for (const form of card.querySelectorAll("form")) {
    for (const [name, value] of new FormData(form)) fields.append(name, value);
  }
  fields.delete("verb");
  fields.set("verb", "keep");
  fields.set("quiet", "1");
  const token = String(fields.get("csrfmiddlewaretoken") ?? "");
  const answer = await fetch(card.dataset.keep!, {
    method: "POST", body: fields, keepalive: leaving, headers: { "X-CSRFToken": token },
  }).catch(() => null);
  const note = card.querySelector("[data-kept]");
  if (note && answer) note.textContent = answer.ok ? side().dataset.kept! : side().dataset.unkept!;
}

function keepAll(): void {
  for (const card of [...waiting.keys()]) void keep(card, true);
}
window.addEventListener("pagehide", keepAll);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") keepAll();
});

// ---- an answer that is not this page (the log-in, after a long lunch) is gone to, never swapped in
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, target } = (event as CustomEvent<{ xhr: XMLHttpRequest; target: Element }>).detail;
  if (target.id === "drafts" && new URL(xhr.responseURL).pathname.split("/")[1] !== "notices") {
    event.preventDefault();
    const to = new URL(xhr.responseURL);
    if (to.searchParams.has("next")) to.searchParams.set("next", location.pathname + location.search);
    location.assign(to);
  }
});
function say(words: string): void {
  const toast = document.createElement("div");
  toast.className = "ja-toast";
  toast.setAttribute("role", "alert");
  toast.textContent = words;
  document.getElementById("toasts")?.replaceChildren(toast);
}
for (const failure of ["htmx:responseError", "htmx:sendError"]) {
  document.addEventListener(failure, () => say(side().dataset.failed!));
}

// ---- after an act: the next draft stands where the last one was
document.addEventListener("htmx:beforeRequest", () => {
  waiting.forEach((timer) => window.clearTimeout(timer));
  waiting.clear();
});
document.addEventListener("htmx:afterSettle", (event) => {
  if ((event.target as HTMLElement).id !== "drafts") return;
  const open = side().querySelector("[data-tool-open]") ?? side().querySelector(".ja-error");
  const card = open?.closest("[data-card]");
  if (card) {
    stand(cards().indexOf(card as HTMLElement));
    offer(card);
    open?.scrollIntoView({ block: "nearest" });
    const field = card.querySelector<HTMLElement>("[data-tool-open] input:not([type=hidden])");
    field?.focus();
    if (field instanceof HTMLInputElement && field.type === "text") field.select();
  } else stand(place);
  for (const toast of document.querySelectorAll("#toasts .ja-toast")) {
    window.setTimeout(() => toast.remove(), 8000);
  }
});

const asked = location.hash.startsWith("#d") ? document.getElementById(location.hash.slice(1)) : null;
const shown = document.querySelector<HTMLElement>("#doc .is-marked");
const first = asked ?? cards().find((one) => shown && one.dataset.s?.split(" ").includes(shown.id.slice(1)));
if (first || !shown) stand(first ? cards().indexOf(first as HTMLElement) : 0, false);
else shown.scrollIntoView({ block: "center" });
const openTool = side().querySelector<HTMLElement>("[data-tool-open]");
if (openTool) offer(openTool.closest("[data-card]")!);

export {};
