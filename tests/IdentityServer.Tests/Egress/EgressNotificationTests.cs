using IdentityServer.Egress;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace IdentityServer.Tests.Egress;

/// <summary>What is posted to a client, such as a logout token.</summary>
public sealed class EgressNotificationTests
{
    [Theory]
    [InlineData(200, true)]
    [InlineData(204, true)]
    [InlineData(202, true)]
    [InlineData(302, false)]
    [InlineData(400, false)]
    [InlineData(501, false)]
    public async Task A_notification_is_posted_once_and_any_2xx_is_enough(int status, bool enough)
    {
        var posted = "";
        await using var stage = await EgressStage.OpenAsync(async context =>
        {
            posted = $"{context.Request.Method} {context.Request.ContentType} {await new StreamReader(context.Request.Body).ReadToEndAsync()}";
            context.Response.StatusCode = status;
        });

        var answer = await stage.Client.PostFormAsync(
            new Uri($"https://{ClientSite.Host}/logout"), [new("logout_token", "a.b-c_d")], EgressRules.Notification, TestContext.Current.CancellationToken);

        posted.ShouldBe("POST application/x-www-form-urlencoded logout_token=a.b-c_d");
        (answer is EgressAnswer.Answered told && told.Status == status).ShouldBe(enough);
        (answer is EgressAnswer.Failed).ShouldBe(!enough);
        stage.Site.Requests.ShouldBe(1);
    }

    [Fact]
    public async Task What_follows_the_status_of_a_notification_may_be_long()
    {
        await using var stage = await EgressStage.OpenAsync(ClientSite.Answer(new string('x', 100_000), "text/html"));

        var answer = await stage.Client.PostFormAsync(new Uri($"https://{ClientSite.Host}/logout"), [], EgressRules.Notification, TestContext.Current.CancellationToken);

        answer.ShouldBeOfType<EgressAnswer.Answered>().Body.Length.ShouldBe(EgressRules.Notification.LargestBody);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_follows_the_status_of_a_notification_may_break_off_or_never_come(bool breaks)
    {
        var clock = new FakeTimeProvider();
        var answer = new StagedAnswer("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx", breaks: breaks);

        var asking = answer.Client(clock).PostFormAsync(StagedAnswer.Address, [], EgressRules.Notification, TestContext.Current.CancellationToken);
        await answer.Over.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        if (!breaks)
        {
            asking.IsCompleted.ShouldBeFalse();
            clock.Advance(EgressRules.Notification.Time);
        }

        (await asking.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)).ShouldBeOfType<EgressAnswer.Answered>().Body.ShouldBe("x"u8.ToArray());
    }
}
