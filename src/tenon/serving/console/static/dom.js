// Elements from data. Texts of the server are only ever set as textContent, never as markup.

export const $ = (id) => document.getElementById(id);

export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "text") element.textContent = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const two = (number) => String(number).padStart(2, "0");

// 14:03:59, with its day unless that is today.
export function when(seconds) {
  const date = new Date(seconds * 1e3);
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(two).join("-");
  return date.toDateString() === new Date().toDateString() ? time : `${day} ${time}`;
}

// Make the children of parent those of items, in order; elements of known keys stay, with what the user does in them.
export function sync(parent, items, keyOf, make, update) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    let child = known.get(key);
    if (child) known.delete(key);
    else {
      child = make(item);
      child.dataset.key = key;
    }
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
    update(child, item);
  }
  for (const child of known.values()) child.remove();
}

// Rows of texts: cells are strings, or functions that fill their cell each time.
export function rows(body, items, keyOf, cellsOf, classes = []) {
  sync(body, items, keyOf, () => el("tr"), (row, item) => {
    const cells = cellsOf(item);
    while (row.children.length < cells.length) row.append(el("td", { class: classes[row.children.length] }));
    cells.forEach((cell, index) => {
      const element = row.children[index];
      if (typeof cell === "function") cell(element);
      else setText(element, cell);
    });
  });
}

export function badge(text, kind) {
  return (cell) => {
    if (!cell.firstElementChild) cell.append(el("span", { class: "badge" }));
    setText(cell.firstElementChild, text);
    cell.firstElementChild.dataset.kind = kind;
  };
}

export function button(text, label, action, shown = true) {
  return (cell) => {
    if (!shown) return cell.replaceChildren();
    if (!cell.firstElementChild) cell.append(el("button", { type: "button", text, "aria-label": label }));
    cell.firstElementChild.onclick = action;
  };
}

export function options(select, pairs) {
  const chosen = select.value;
  sync(select, pairs, ([value]) => `=${value}`, ([value]) => el("option", { value }), (option, [, text]) => setText(option, text));
  if (pairs.some(([value]) => value === chosen) && select.value !== chosen) select.value = chosen;
}

let hiding = 0;
export function toast(text, kind = "good") {
  const element = $("toast");
  element.textContent = text;
  element.dataset.kind = kind;
  element.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => (element.hidden = true), kind === "bad" ? 12000 : 5000);
}

// Ask, in a dialog of its own each time, and tell the answer.
export function confirmed(title, lines, yes) {
  return new Promise((resolve) => {
    const finish = (answer) => {
      dialog.close(); // gives the focus back
      dialog.remove();
      resolve(answer);
    };
    const dialog = el(
      "dialog",
      { id: "confirm", "aria-labelledby": "confirm-title", oncancel: () => finish(false) },
      el("h2", { id: "confirm-title", text: title }),
      el("ul", { id: "confirm-lines" }, ...lines.map((text) => el("li", { text }))),
      el(
        "div",
        { class: "row end" },
        el("button", { type: "button", id: "confirm-no", text: "Cancel", autofocus: true, onclick: () => finish(false) }),
        el("button", { type: "button", id: "confirm-yes", class: "primary", text: yes, onclick: () => finish(true) }),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}
