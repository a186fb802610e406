package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
{{#par}}
	"encoding/json"
{{/par}}
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const (
	clientID    = "{{client_id}}"
	redirectURI = "{{redirect_uri}}"
)

// What is known of a browser: the request that it is on its way with, or the person who signed in.
type visit struct{ state, nonce, verifier, subject, name, idToken string }

var visits sync.Map // session id -> visit; kept in memory only

func random() string {
	bytes := make([]byte, 32)
	if _, err := rand.Read(bytes); err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(bytes)
}

func main() {
	ctx := context.Background()
	provider, err := oidc.NewProvider(ctx, "{{issuer}}")
	if err != nil {
		log.Fatal(err)
	}
	secret := os.Getenv("IDSRV_CLIENT_SECRET")
	endpoint := provider.Endpoint()
{{#basic}}
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
{{/basic}}
{{#post}}
	endpoint.AuthStyle = oauth2.AuthStyleInParams
{{/post}}
	config := oauth2.Config{
		ClientID:     clientID,
		ClientSecret: secret,
		Endpoint:     endpoint,
		RedirectURL:  redirectURI,
		Scopes:       strings.Split("{{scope}}", " "),
	}
	verifier := provider.Verifier(&oidc.Config{ClientID: clientID, SupportedSigningAlgs: []string{"{{id_token_alg}}"}})

	http.HandleFunc("{{home_path}}", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "{{home_path}}" {
			http.NotFound(w, r)
			return
		}
		if id, err := r.Cookie("app_session"); err == nil {
			if known, ok := visits.Load(id.Value); ok && known.(visit).subject != "" {
				fmt.Fprintf(w, "Signed in: %s %s\n", known.(visit).subject, known.(visit).name)
				return
			}
		}
		begun := visit{state: random(), nonce: random(), verifier: random()}
		challenge := sha256.Sum256([]byte(begun.verifier))
		address := config.AuthCodeURL(begun.state,
			oidc.Nonce(begun.nonce),
			oauth2.SetAuthURLParam("code_challenge", base64.RawURLEncoding.EncodeToString(challenge[:])),
			oauth2.SetAuthURLParam("code_challenge_method", "S256"))
{{#par}}
		if address, err = push(provider, address, secret); err != nil {
			log.Print(err)
			http.Error(w, "The provider refused the request.", http.StatusBadGateway)
			return
		}
{{/par}}
		keep(w, begun)
		http.Redirect(w, r, address, http.StatusFound)
	})

	http.HandleFunc("{{redirect_path}}", func(w http.ResponseWriter, r *http.Request) {
		id, err := r.Cookie("app_session")
		if err != nil {
			http.Error(w, "No sign-in was begun here.", http.StatusBadRequest)
			return
		}
		known, ok := visits.LoadAndDelete(id.Value)
		if !ok || known.(visit).state == "" || r.URL.Query().Get("state") != known.(visit).state {
			http.Error(w, "This is not the answer to a sign-in begun here.", http.StatusBadRequest)
			return
		}
		begun := known.(visit)
		token, err := config.Exchange(ctx, r.URL.Query().Get("code"), oauth2.SetAuthURLParam("code_verifier", begun.verifier))
		if err != nil {
			log.Print(err)
			http.Error(w, "Not signed in.", http.StatusUnauthorized)
			return
		}
		raw, _ := token.Extra("id_token").(string)
		idToken, err := verifier.Verify(ctx, raw)
		if err != nil || idToken.Nonce != begun.nonce {
			log.Print("The id_token was refused: ", err)
			http.Error(w, "Not signed in.", http.StatusUnauthorized)
			return
		}
		person := visit{subject: idToken.Subject, idToken: raw}
{{#userinfo}}
		if info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token)); err == nil && info.Subject == idToken.Subject {
			var claims struct {
				Name string `json:"name"`
			}
			_ = info.Claims(&claims)
			person.name = claims.Name
		}
{{/userinfo}}
		keep(w, person)
		http.Redirect(w, r, "{{home_path}}", http.StatusFound)
	})

	http.HandleFunc("{{sign_out_path}}", func(w http.ResponseWriter, r *http.Request) {
		query := url.Values{"client_id": {clientID}}
		if id, err := r.Cookie("app_session"); err == nil {
			if known, ok := visits.LoadAndDelete(id.Value); ok && known.(visit).idToken != "" {
				query.Set("id_token_hint", known.(visit).idToken)
			}
		}
{{#post_logout}}
		query.Set("post_logout_redirect_uri", "{{post_logout_redirect_uri}}")
{{/post_logout}}
		var metadata struct {
			Endpoint string `json:"end_session_endpoint"`
		}
		if err := provider.Claims(&metadata); err != nil {
			log.Print(err)
		}
		http.Redirect(w, r, metadata.Endpoint+"?"+query.Encode(), http.StatusFound)
	})
{{#post_logout_route}}

	http.HandleFunc("{{post_logout_path}}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "Signed out.")
	})
{{/post_logout_route}}

	log.Fatal(http.ListenAndServe("{{listen_at}}", nil))
}

// A new session id each time: nobody who knew the one before is signed in with it.
func keep(w http.ResponseWriter, known visit) {
	id := random()
	visits.Store(id, known)
{{#secure}}
	http.SetCookie(w, &http.Cookie{Name: "app_session", Value: id, Path: "/", HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode})
{{/secure}}
{{^secure}}
	http.SetCookie(w, &http.Cookie{Name: "app_session", Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
{{/secure}}
}
{{#par}}

// Hands the request to the provider beforehand (RFC 9126): the browser carries only a reference to it.
func push(provider *oidc.Provider, address, secret string) (string, error) {
	full, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	var metadata struct {
		Endpoint string `json:"pushed_authorization_request_endpoint"`
	}
	if err := provider.Claims(&metadata); err != nil {
		return "", err
	}
	form := full.Query()
{{#post}}
	form.Set("client_secret", secret)
{{/post}}
	request, err := http.NewRequest(http.MethodPost, metadata.Endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
{{#basic}}
	request.SetBasicAuth(url.QueryEscape(clientID), url.QueryEscape(secret))
{{/basic}}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	var pushed struct {
		RequestURI string `json:"request_uri"`
		Error      string `json:"error"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&pushed); err != nil {
		return "", err
	}
	if pushed.RequestURI == "" {
		return "", fmt.Errorf("not pushed: %s", pushed.Error)
	}
	full.RawQuery = url.Values{"client_id": {clientID}, "request_uri": {pushed.RequestURI}}.Encode()
	return full.String(), nil
}
{{/par}}
