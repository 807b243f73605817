package main

type product struct {
	Name  string `json:"name"`
	Price string `json:"price"`
}

// Edit a price, save, and look at the page.
var products = []product{
	{Name: "tea", Price: "3.20"},
	{Name: "coffee", Price: "4.10"},
}
