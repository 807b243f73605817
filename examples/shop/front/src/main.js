const list = (id) => document.getElementById(id);

async function show() {
  const products = await (await fetch("/api/products")).json();
  list("products").replaceChildren(
    ...products.map((product) => {
      const item = document.createElement("li");
      const button = document.createElement("button");
      button.textContent = "order";
      button.onclick = async () => {
        await fetch(`/api/orders?product=${encodeURIComponent(product.name)}`, { method: "POST" });
        await show();
      };
      item.append(`${product.name}: ${product.price} `, button);
      return item;
    }),
  );
  const orders = await (await fetch("/api/orders")).json();
  list("orders").replaceChildren(
    ...orders.map((order) => {
      const item = document.createElement("li");
      item.textContent = `${order.product} (${order.state})`;
      return item;
    }),
  );
}

show();
setInterval(show, 2000);
