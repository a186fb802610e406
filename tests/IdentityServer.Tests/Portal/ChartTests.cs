using System.Globalization;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using IdentityServer.Diagnostics;
using IdentityServer.Domain.Clients;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Languages;
using IdentityServer.Portal.Charts;
using IdentityServer.Storage.Entities;

namespace IdentityServer.Tests.Portal;

public sealed class ChartTests
{
    private const int Today = 20_513;

    private static readonly Words English = Words.In("en");

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 5)]
    [InlineData(10, 10)]
    [InlineData(11, 20)]
    [InlineData(1_000_001, 2_000_000)]
    public void The_scale_ends_at_a_round_number(long most, long ceiling) => DailyChart.Ceiling(most).ShouldBe(ceiling);

    [Fact]
    public void A_day_has_a_column_as_high_as_its_count_and_a_day_without_has_none()
    {
        var chart = DailyChart.Of(English, History(7, (Today, ActivityKinds.Completed, 10), (Today - 2, ActivityKinds.Completed, 5), (Today - 6, ActivityKinds.Completed, 1)), ActivityKinds.Completed, "Title");

        var bars = Parse(chart).QuerySelectorAll("rect").ToList();
        bars.Count.ShouldBe(3);
        bars.Select(bar => Number(bar, "height")).ShouldBe([14, 70, 140]);
        bars.Select(bar => Number(bar, "x")).ShouldBeInOrder();
        bars.ShouldAllBe(bar => Number(bar, "y") + Number(bar, "height") == 160);
        chart.Rows[0][1].ShouldBe("10");
        chart.Rows.Count.ShouldBe(7);
    }

    [Fact]
    public void One_of_a_million_is_seen()
    {
        var chart = DailyChart.Of(English, History(7, (Today, ActivityKinds.Completed, 1_000_000), (Today - 1, ActivityKinds.Completed, 1)), ActivityKinds.Completed, "Title");

        Parse(chart).QuerySelectorAll("rect").Min(bar => Number(bar, "height")).ShouldBe(2);
    }

    [Fact]
    public void A_funnel_tells_how_many_go_on_from_each_step()
    {
        var chart = FunnelChart.Of(English, History(7, [.. ActivityKinds.Funnel.Zip((long[])[200, 150, 120, 120, 60], (kind, count) => (Today, kind, count))]));

        chart.Rows.Select(row => row[1]).ShouldBe(["200", "150", "120", "120", "60"]);
        chart.Rows.Select(row => row[2]).ShouldBe(["", "75%", "80%", "100%", "50%"]);
        var bars = Parse(chart).QuerySelectorAll("rect.bar").Select(bar => Number(bar, "width")).ToList();
        bars.ShouldBe([68, 51, 40.8, 40.8, 20.4], tolerance: .01);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 5)]
    [InlineData(4, 5)]
    public void No_share_is_told_where_more_came_than_were_there(long before, long now) => FunnelChart.GoesOn(before, now).ShouldBeNull();

    [Fact]
    public void The_most_frequent_failures_have_bars_and_the_rest_share_one()
    {
        var counts = Enumerable.Range(1, 12).Select(index => (Today, ActivityKinds.FailurePrefix + $"code_{index:00}", (long)index));
        var chart = FailureChart.Of(English, History(7, [.. counts]));

        chart.Rows.Count.ShouldBe(12);
        chart.Rows[0].ShouldBe(["code_12", "12"]);
        var text = Parse(chart).QuerySelectorAll("text").Select(element => element.TextContent).ToList();
        text.Count.ShouldBe(2 * (FailureChart.MostBars + 1));
        text.ShouldContain("code_05");
        text.ShouldNotContain("code_04");
        text[^1].ShouldBe("10");
    }

    [Fact]
    public void The_time_that_half_and_most_are_answered_within_is_told()
    {
        var chart = LatencyChart.Of(English, History(7, (Today, "latency.10", 60), (Today, "latency.50", 34), (Today, "latency.10000", 6)));

        chart.Summary.ShouldContain("up to 10 ms");
        chart.Summary.ShouldContain("over 2,500 ms");
        chart.Rows.Select(row => row[2]).ShouldBe(["0%", "60%", "0%", "34%", "0%", "0%", "0%", "0%", "0%", "6%"]);
    }

    [Fact]
    public void Where_nothing_happened_nothing_is_drawn_and_the_page_says_so()
    {
        var charts = ActivityCharts.Of(English, History(7), ClientKind.WebServer);

        charts.Charts.Count.ShouldBe(4);
        charts.Charts.ShouldAllBe(chart => chart.Picture == null && chart.Summary.Length > 0);
    }

    [Fact]
    public void Nobody_signs_in_to_a_machine()
    {
        var charts = ActivityCharts.Of(English, History(7, (Today, ActivityKinds.ForItself, 3)), ClientKind.Machine);

        charts.Charts.Select(chart => chart.Id).ShouldBe(["days", "failures", "latency"]);
        charts.Totals.ShouldHaveSingleItem().Number.ShouldBe("3");
        charts.Charts[0].Picture.ShouldNotBeNull();
    }

    [Fact]
    public void Every_picture_has_a_name_and_a_description_and_brings_no_style_or_script()
    {
        var rows = ActivityKinds.Funnel.Append("failure.code").Append("latency.50").Select(kind => (Today, kind, 2L));
        foreach (var chart in ActivityCharts.Of(English, History(90, [.. rows]), ClientKind.SinglePage).Charts)
        {
            var svg = Parse(chart).QuerySelector("svg")!;
            svg.GetAttribute("role").ShouldBe("img");
            var names = svg.GetAttribute("aria-labelledby")!.Split(' ');
            names.Select(name => svg.QuerySelector($"#{name}")!.TextContent).ShouldBe([chart.Title, chart.Summary]);
            svg.QuerySelectorAll("*").Append(svg).ShouldAllBe(element =>
                !element.HasAttribute("style") && element.LocalName != "script" && element.Attributes.All(attribute => !attribute.Name.StartsWith("on", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void Words_in_a_picture_are_encoded()
    {
        var canvas = new SvgCanvas(English.Language);
        canvas.Say(0, 0, "<script>");

        var html = canvas.ToHtml("id", "<b>", "\"<i>\"", 10).ToString()!;

        html.ShouldNotContain("<script");
        html.ShouldNotContain("<b>");
        html.ShouldNotContain("<i>");
    }

    [Fact]
    public void In_a_language_from_right_to_left_a_picture_is_mirrored()
    {
        var canvas = new SvgCanvas(SupportedLanguages.Find("ar")!);
        canvas.Bar(10, 0, 20, 5);
        canvas.Say(30, 5, "x", gap: 8);

        var svg = new HtmlParser().ParseDocument(canvas.ToHtml("id", "t", "d", 10).ToString()!);

        Number(svg.QuerySelector("rect")!, "x").ShouldBe(70);
        Number(svg.QuerySelector("text")!, "x").ShouldBe(70);
        Number(svg.QuerySelector("text")!, "dx").ShouldBe(-8);
    }

    private static ActivityHistory History(int days, params IEnumerable<(int Day, string Kind, long Count)> rows) => ActivityHistory.Of(
        rows.Select(row => new ClientActivityCount { ClientRowId = "row", Day = row.Day, Kind = row.Kind, Count = row.Count }), Today, days);

    private static IDocument Parse(Chart chart) => new HtmlParser().ParseDocument(chart.Picture!.ToString()!);

    private static double Number(IElement element, string attribute) =>
        double.Parse(element.GetAttribute(attribute)!.TrimEnd('%'), CultureInfo.InvariantCulture);
}
