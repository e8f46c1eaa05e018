"use strict";
(function () {
  var list = document.getElementById("list");
  if (!list) return;
  var rows = Array.prototype.slice.call(list.tBodies);
  var search = document.getElementById("search");
  var level = document.getElementById("level");
  var exploited = document.getElementById("exploited");
  var matches = document.getElementById("matches");
  var texts = rows.map(function (row) { return row.textContent.toLowerCase(); });
  document.querySelector(".filter").hidden = false;
  function filter() {
    var words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    var count = 0;
    rows.forEach(function (row, index) {
      var show = words.every(function (word) { return texts[index].indexOf(word) >= 0; }) &&
        (!level.value || row.dataset.level === level.value) &&
        (!exploited.checked || row.dataset.exploited === "true");
      row.hidden = !show;
      if (show) count += 1;
    });
    matches.textContent = count === rows.length ? "" : count + " of " + rows.length;
  }
  search.addEventListener("input", filter);
  level.addEventListener("change", filter);
  exploited.addEventListener("change", filter);
  Array.prototype.forEach.call(list.tHead.rows[0].cells, function (head) {
    var key = head.dataset.key;
    var numeric = head.dataset.kind === "number";
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.textContent = "";
    head.appendChild(button);
    button.addEventListener("click", function () {
      // Numbers begin with the highest: that is what one looks for.
      var now = head.getAttribute("aria-sort");
      var descending = now ? now === "ascending" : numeric;
      Array.prototype.forEach.call(list.tHead.rows[0].cells, function (other) { other.removeAttribute("aria-sort"); });
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      var sorted = rows.slice().sort(function (a, b) {
        var x = a.dataset[key], y = b.dataset[key];
        var order = numeric ? Number(x) - Number(y) : x.localeCompare(y, "en", { numeric: true });
        return descending ? -order : order;
      });
      sorted.forEach(function (row) { list.appendChild(row); });
    });
  });
  addEventListener("beforeprint", function () {
    Array.prototype.forEach.call(document.querySelectorAll("details"), function (d) { d.open = true; });
  });
})();
