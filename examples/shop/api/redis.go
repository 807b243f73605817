package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// inRedis keeps each order in two fields of one hash: its product and its state.
type inRedis struct{ address string }

func (redis *inRedis) add(product string) (order, error) {
	number, err := redis.ask("INCR", "shop:last")
	if err != nil {
		return order{}, err
	}
	id := strings.Join(number, "")
	_, err = redis.ask("HSET", "shop:orders", id+":product", product, id+":state", "new")
	return order{ID: id, Product: product, State: "new"}, err
}

func (redis *inRedis) all() ([]order, error) {
	last, err := redis.ask("GET", "shop:last")
	if err != nil {
		return nil, err
	}
	count, _ := strconv.Atoi(strings.Join(last, ""))
	orders := []order{}
	for id := 1; id <= count; id++ {
		values, err := redis.ask("HMGET", "shop:orders", fmt.Sprint(id, ":product"), fmt.Sprint(id, ":state"))
		if err != nil || len(values) != 2 {
			return nil, fmt.Errorf("order %d cannot be read: %v", id, err)
		}
		orders = append(orders, order{ID: fmt.Sprint(id), Product: values[0], State: values[1]})
	}
	return orders, nil
}

func (redis *inRedis) finish(id string) error {
	_, err := redis.ask("HSET", "shop:orders", id+":state", "done")
	return err
}

// ask sends one command and reads its answer: a line, a number, a text or a list of texts.
func (redis *inRedis) ask(words ...string) ([]string, error) {
	connection, err := net.DialTimeout("tcp", redis.address, time.Second)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return nil, err
	}
	fmt.Fprintf(connection, "*%d\r\n", len(words))
	for _, word := range words {
		fmt.Fprintf(connection, "$%d\r\n%s\r\n", len(word), word)
	}
	return answer(bufio.NewReader(connection))
}

func answer(reader *bufio.Reader) ([]string, error) {
	line, err := reader.ReadString('\n')
	if err != nil {
		return nil, err
	}
	kind, rest := line[0], strings.TrimSpace(line[1:])
	switch kind {
	case '-':
		return nil, fmt.Errorf("redis: %s", rest)
	case '$':
		length, _ := strconv.Atoi(rest)
		if length < 0 {
			return []string{""}, nil
		}
		text := make([]byte, length+2)
		_, err := io.ReadFull(reader, text)
		return []string{string(text[:length])}, err
	case '*':
		count, _ := strconv.Atoi(rest)
		values := []string{}
		for range count {
			value, err := answer(reader)
			if err != nil {
				return nil, err
			}
			values = append(values, value...)
		}
		return values, nil
	default:
		return []string{rest}, nil
	}
}
