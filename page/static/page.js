// Sends what is dropped, one file after the other, shows what the server answers, and asks how each
// upload stands until that is settled.
"use strict";

const REMEMBERED = "headgate.uploads";
const MOST = 100; // uploads that are remembered
const TROUBLE = 500; // a status from here on tells of what may pass
const PAUSES = [1, 2, 3, 5, 10]; // seconds between two rounds of questions; the last one stays

const drop = document.getElementById("drop");
const chooser = drop.querySelector("[type=file]");
const find = document.getElementById("find");
const files = document.getElementById("files");

let turn = Promise.resolve(); // settles once all files that were dropped so far are answered
let waiting = 0; // files that are not answered yet
let round = 0; // rounds of questions since an upload was added

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(REMEMBERED)) ?? [];
  } catch {
    return []; // this browser keeps nothing
  }
}

function remember(uploads) {
  try {
    localStorage.setItem(REMEMBERED, JSON.stringify(uploads.slice(0, MOST)));
  } catch {
    // the list ends with the page
  }
}

function newCard(name) {
  const card = document.getElementById("card").content.firstElementChild.cloneNode(true);
  const away = card.querySelector(".away");
  card.querySelector(".name").textContent = name;
  away.setAttribute("aria-label", `Remove ${name} from this list`);
  away.onclick = () => {
    const next = card.nextElementSibling ?? card.previousElementSibling;
    remember(remembered().filter((upload) => upload.key !== card.dataset.key));
    card.remove();
    (next?.querySelector(".away") ?? chooser).focus();
    showWhatWaits();
  };
  return card;
}

function showWhatWaits() {
  document.getElementById("none").hidden = files.childElementCount > 0;
  document.getElementById("waiting").textContent = waiting > 1 ? `${waiting} files to go` : "";
}

// Says what is being done with a file, and which share of it; null where nobody knows.
function say(card, text, share) {
  const bar = card.querySelector("progress");
  card.querySelector(".state").textContent = text;
  bar.hidden = share === undefined;
  if (share === null) bar.removeAttribute("value");
  else bar.value = share ?? 0;
}

// Shows an answer; those who cannot see it hear its first sentence.
function show(card, place, html) {
  card.querySelector(place).innerHTML = html;
  const said = card.querySelector(`${place} :is(.good, .doubt, .bad)`);
  if (!said) return;
  const name = card.querySelector(".name").textContent;
  document.getElementById("news").textContent = `${name}: ${said.textContent}`;
}

function queue(file, asked, card) {
  say(card, "Waits for its turn");
  waiting += 1;
  turn = turn
    .then(() => card.isConnected && send(file, asked, card))
    .then(() => {
      waiting -= 1;
      showWhatWaits();
    });
}

function send(file, asked, card) {
  return new Promise((end) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/files?${asked}`);
    request.upload.onprogress = ({ loaded, total }) => {
      const share = loaded / total;
      if (share < 1) say(card, `Sending, ${Math.floor(100 * share)} %`, share);
      else say(card, asked.has("look") ? "Checking …" : "Checking and sending on …", null);
    };
    request.onload = () => {
      say(card, "");
      show(card, ".answer", request.responseText);
      const key = request.getResponseHeader("Headgate-Key");
      if (key) keep({ key: decodeURIComponent(key), name: file.name }, card);
      if (request.status >= TROUBLE) offerAgain(file, asked, card);
    };
    request.onerror = async () => {
      const why = await whyNot(file);
      say(card, "");
      show(card, ".answer", `<p class="bad">${why}</p>`);
      offerAgain(file, asked, card);
    };
    request.onloadend = end;
    card.querySelector(".away").addEventListener("click", () => request.abort());
    say(card, "Sending", 0);
    request.send(file);
  });
}

async function whyNot(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return "The connection broke before there was an answer.";
  } catch {
    return "It cannot be read: it is a folder, or was changed or removed meanwhile.";
  }
}

function offerAgain(file, asked, card) {
  const again = card.querySelector(".again");
  again.hidden = false;
  again.onclick = () => {
    again.hidden = true;
    show(card, ".answer", "");
    queue(file, asked, card);
  };
}

function keep(upload, card) {
  remember([upload, ...remembered()]);
  follow(upload.key, card);
  look(card);
}

function follow(key, card) {
  card.dataset.key = key;
  card.classList.add("open");
  round = 0;
}

// Shows how an upload stands, and whether that may still change.
async function look(card) {
  let html = "The page's server does not answer; it is asked again.";
  let status = TROUBLE;
  try {
    const answer = await fetch(`/uploads?${new URLSearchParams({ key: card.dataset.key })}`);
    html = await answer.text();
    status = answer.status;
  } catch {
    // it may be back in the next round
  }
  if (html === card.standing) return; // so that what a reader has selected there stays so
  card.standing = html;
  show(card, ".standing", html);
  const open = status >= TROUBLE || card.querySelector(".standing [data-open]");
  card.classList.toggle("open", Boolean(open));
}

async function lookOnAndOn() {
  for (;;) {
    for (const card of files.querySelectorAll(".open")) await look(card);
    const pause = PAUSES[Math.min(round, PAUSES.length - 1)];
    round += 1;
    await new Promise((resume) => setTimeout(resume, 1000 * pause));
    while (document.hidden) {
      await new Promise((seen) => document.addEventListener("visibilitychange", seen, { once: true }));
    }
  }
}

function sendAll(chosen) {
  const asked = {};
  if (drop.elements.dataset.value.trim()) asked.dataset = drop.elements.dataset.value.trim();
  if (drop.elements.look.checked) asked.look = "";
  const cards = [];
  for (const file of chosen) {
    const card = newCard(file.name);
    cards.push(card);
    queue(file, new URLSearchParams({ name: file.name, ...asked }), card);
  }
  files.prepend(...cards);
  showWhatWaits();
}

drop.onsubmit = (event) => event.preventDefault();
chooser.onchange = () => {
  sendAll(chooser.files);
  chooser.value = "";
};
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    drop.classList.toggle("over", kind === "dragover");
    if (kind === "drop") sendAll(event.dataTransfer.files);
  });
}
find.onsubmit = (event) => {
  event.preventDefault();
  const key = find.elements.key.value.trim();
  const card = newCard(key);
  files.prepend(card);
  showWhatWaits();
  say(card, "Looking it up …");
  follow(key, card);
  look(card).then(() => say(card, ""));
  find.reset();
};
window.onbeforeunload = (event) => {
  if (waiting) event.preventDefault(); // what is not sent yet would be lost
};
for (const { key, name } of remembered()) {
  const card = newCard(name);
  files.append(card);
  follow(key, card);
}
showWhatWaits();
lookOnAndOn();
