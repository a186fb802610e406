package com.example.app;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.client.oidc.authentication.OidcIdTokenDecoderFactory;
import org.springframework.security.oauth2.client.oidc.web.logout.OidcClientInitiatedLogoutSuccessHandler;
import org.springframework.security.oauth2.client.registration.ClientRegistration;
import org.springframework.security.oauth2.client.registration.ClientRegistrationRepository;
import org.springframework.security.oauth2.client.web.DefaultOAuth2AuthorizationRequestResolver;
import org.springframework.security.oauth2.client.web.OAuth2AuthorizationRequestCustomizers;
import org.springframework.security.oauth2.core.oidc.user.OidcUser;
import org.springframework.security.oauth2.jose.jws.SignatureAlgorithm;
import org.springframework.security.oauth2.jwt.JwtDecoderFactory;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.servlet.util.matcher.PathPatternRequestMatcher;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

@SpringBootApplication
public class Application {
    public static void main(String[] args) {
        SpringApplication.run(Application.class, args);
    }

    @Bean
    SecurityFilterChain security(HttpSecurity http, ClientRegistrationRepository clients, Environment settings) throws Exception {
        // PKCE, which Spring leaves out for clients with a secret.
        var requests = new DefaultOAuth2AuthorizationRequestResolver(clients, "/oauth2/authorization");
        requests.setAuthorizationRequestCustomizer(OAuth2AuthorizationRequestCustomizers.withPkce());

        // Ends the session at the provider too.
        var signedOut = new OidcClientInitiatedLogoutSuccessHandler(clients);
{{#post_logout}}
        signedOut.setPostLogoutRedirectUri(settings.getRequiredProperty("app.signed-out-uri"));
{{/post_logout}}

        return http
            .authorizeHttpRequests(paths -> paths.anyRequest().authenticated())
            .oauth2Login(login -> login
                .authorizationEndpoint(endpoint -> endpoint.authorizationRequestResolver(requests))
                .redirectionEndpoint(endpoint -> endpoint.baseUri(settings.getRequiredProperty("app.redirect-path"))))
            .logout(logout -> logout
                .logoutRequestMatcher(PathPatternRequestMatcher.withDefaults().matcher(settings.getRequiredProperty("app.sign-out-path")))
                .logoutSuccessHandler(signedOut))
            .build();
    }

    // By itself Spring takes id_tokens that are signed with RS256 only.
    @Bean
    JwtDecoderFactory<ClientRegistration> idTokens(Environment settings) {
        var factory = new OidcIdTokenDecoderFactory();
        factory.setJwsAlgorithmResolver(client -> SignatureAlgorithm.from(settings.getRequiredProperty("app.id-token-alg")));
        return factory;
    }

    @RestController
    static class Home {
        @GetMapping("${app.home-path}")
        String home(@AuthenticationPrincipal OidcUser user) {
            return "Signed in: " + user.getSubject() + " " + user.getFullName();
        }
    }
}
